"""The rooms that have sockets in this process. Each has a feed (its log) and further listeners to its events."""

import asyncio
from collections.abc import Sequence

from webapp.domain import history, rooms
from webapp.domain.events import Event, room_group
from webapp.domain.history import Changes
from webapp.services.resources import Resources
from webapp.sockets.connection import Connection
from webapp.sockets.dispatch import Listener
from webapp.sockets.feed import Feed
from webapp.sockets.frame import Frame
from webapp.sockets.guest import Guest
from webapp.sockets.hub import Hub
from webapp.sockets.roster import Roster


class Room:
    """One room with sockets here, from the first of them to the last: what its listeners are given."""

    def __init__(self, room_id: int, feed: Feed, resources: Resources, roster: Roster) -> None:
        self.id = room_id
        self.feed = feed
        self.resources = resources
        self.roster = roster
        self.listeners: tuple[RoomListener, ...] = ()

    @property
    def group(self) -> str:
        return room_group(self.id)

    @property
    def everybody(self) -> list[Connection]:
        """The sockets that follow the room; not those whose replay is still being read."""
        return [*self.feed.members, *self.feed.ahead]

    def own(self, user_id: int) -> set[Connection]:
        """The sockets of this process that are this person's, in whatever room."""
        return {guest.connection for guest in self.roster.people.get(user_id, ())}

    def say(self, fragment: str) -> None:
        """To everybody in the room, with the log's next frame."""
        self.feed.say(fragment)

    def say_to(self, connections: Sequence[Connection], fragment: str) -> None:
        """To these now: the same bytes for each."""
        Connection.write_all(connections, Frame(fragment))

    def publish(self, event: Event) -> None:
        """To every process that listens to the event's group, this one too."""
        self.resources.work.publisher.tell([event])


class RoomListener(Listener):
    """Hears a room's events by methods marked `@handler`, and its sockets' commands by those marked `@command`."""

    def __init__(self, room: Room) -> None:
        self.room = room

    async def arrived(self, guest: Guest) -> None:
        """A socket has joined the room. What is written to `guest.connection` follows its replay."""

    async def departed(self, guest: Guest) -> None:
        """A socket that had arrived has gone."""

    def close(self) -> None:
        """The last socket has gone: no event comes any more."""


class Rooms:
    """Used from one event loop. `kinds` are the listeners that each room has beside its feed."""

    def __init__(self, hub: Hub, roster: Roster, resources: Resources, kinds: Sequence[type[RoomListener]]) -> None:
        self.hub = hub
        self.roster = roster
        self.resources = resources
        self.kinds = kinds
        self.open: dict[int, Room] = {}
        self.opening: dict[int, asyncio.Task[Room]] = {}

    async def room(self, room_id: int) -> Room:
        """The room, its feed started. Raises what reading the store raises."""
        if room := self.open.get(room_id):
            return room
        task = self.opening.get(room_id)
        if task is None:
            task = self.opening[room_id] = asyncio.create_task(self._open(room_id))
            task.add_done_callback(lambda _: self.opening.pop(room_id, None))
        return await asyncio.shield(task)

    async def _open(self, room_id: int) -> Room:
        feed = Feed(room_id, self._changes, self.resources.rendered, self.hub.dispatcher.log)
        room = Room(room_id, feed, self.resources, self.roster)
        room.listeners = tuple(kind(room) for kind in self.kinds)
        await self.hub.subscribe(room.group, feed, *room.listeners)
        try:
            heads = await self.resources.work.read(rooms.heads, [room_id])
        except BaseException:
            self._leave(room)
            raise
        feed.start(heads.get(room_id, 0))
        self.open[room_id] = room
        return room

    async def _changes(self, room_id: int, since: int) -> Changes:
        return await self.resources.work.read(history.changes, room_id, since)

    async def join(self, room_id: int, connection: Connection, since: int) -> Room:
        """Lead the connection from revision `since` into the room's feed. Raises what reading the store raises."""
        room = await self.room(room_id)
        while self.open.get(room_id) is not room:  # its last reader left before this one came
            room = await self.room(room_id)
        try:
            await room.feed.join(connection, since)
        except BaseException:
            self.release(room)
            raise
        return room

    def release(self, room: Room) -> None:
        """Let go of a room that nobody is in any more."""
        if room.feed.empty and self.open.get(room.id) is room:
            del self.open[room.id]
            self._leave(room)

    def _leave(self, room: Room) -> None:
        self.hub.unsubscribe(room.group, room.feed, *room.listeners)
        for listener in room.listeners:
            listener.close()

    async def sweep(self) -> None:
        """Compare every feed with the store: one query, however many rooms. What was not told is found here."""
        if not self.open:
            return
        heads = await self.resources.work.read(rooms.heads, list(self.open))
        for room_id, room in tuple(self.open.items()):
            room.feed.check(heads.get(room_id, room.feed.cursor))

    async def close(self) -> None:
        opening = tuple(self.opening.values())
        for task in opening:
            task.cancel()
        await asyncio.gather(*opening, return_exceptions=True)
