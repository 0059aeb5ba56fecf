"""Announces who joins and leaves one room: batches 0.25 s, summarises above ten, and lists who is here.

A room of thousands must not tell each of them about each: that would be millions of lines when they all come at once.
While crowds come and go, the list goes to all every two seconds.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from webapp.domain.events import Values
from webapp.services.leases import Person, Place
from webapp.sockets import fragments
from webapp.sockets.dispatch import handler
from webapp.sockets.fragments import LISTED, Presence
from webapp.sockets.frame import Frame
from webapp.sockets.guest import Guest
from webapp.sockets.rooms import Room, RoomListener
from webapp.sockets.shapes import flag, text, whole
from webapp.store.database import Unavailable

TOGETHER_SECONDS = 0.25
CROWD = 10
CROWD_SECONDS = 2.0
FRESH_SECONDS = 1.0


class Attendance(RoomListener):
    """`places` are the people with sockets here, each as they were named when they came."""

    def __init__(self, room: Room) -> None:
        super().__init__(room)
        self.presence = room.resources.presence
        self.places: dict[int, Place] = {}
        self.changes: dict[int, tuple[str, bool]] = {}
        self.reading: asyncio.Task[Frame] | None = None
        self.telling: asyncio.Task[None] | None = None
        self.looking = False
        self.looking_again: asyncio.Task[None] | None = None
        self.wait = TOGETHER_SECONDS
        self.stale = 0.0

    async def arrived(self, guest: Guest) -> None:
        assert guest.actor is not None
        person = Person(guest.actor.id, guest.actor.display_name)
        await self.presence.arrive(self.places.setdefault(person.id, Place(self.room.id, person)))
        guest.connection.write(await self.here())

    async def departed(self, guest: Guest) -> None:
        assert guest.actor is not None
        place = self.places[guest.actor.id]
        if self.presence.windows[place] == 1:
            del self.places[guest.actor.id]
        await self.presence.depart(place)

    @handler
    def presence_changed(self, event: Values) -> None:
        user, change = whole(event, "user"), (text(event, "name"), flag(event, "here"))
        self.changes[user] = change
        if self.telling is None:
            self.telling = asyncio.create_task(self._tell())
        if self.wait == TOGETHER_SECONDS and len(self.changes) <= CROWD:
            self.forget()

    @handler
    def presence_renewed(self, _event: Values) -> None:
        if not self.looking:
            self.looking = True
            self.looking_again = asyncio.create_task(self._look_again())

    async def _look_again(self) -> None:
        await asyncio.sleep(TOGETHER_SECONDS)
        self.looking = False
        await self.refresh()

    async def _tell(self) -> None:
        """One batch after the other: while the names of one are read, the next gathers."""
        try:
            while self.changes:
                await asyncio.sleep(self.wait)
                changes, self.changes = self.changes, {}
                self.wait = TOGETHER_SECONDS if len(changes) <= CROWD else CROWD_SECONDS
                self.forget()
                if len(changes) > CROWD:
                    await self.refresh(len(changes))
                else:
                    people = await self._called([Person(user, name) for user, (name, _) in changes.items()])
                    moved = [replace(each, here=changes[each.id][1]) for each in people]
                    self.room.say("".join(map(fragments.presence_changed, moved)))
        finally:
            self.telling = None

    async def refresh(self, crowd: int = 0) -> None:
        """Tell all in the room who is in it; `crowd`: so many have come or gone just now."""
        self.forget()
        self.room.say(fragments.crowd_changed(crowd) + (await self.here()).text)

    async def here(self) -> Frame:
        """Who is here, for one who has just come; those who come within a second share it."""
        now = asyncio.get_running_loop().time()
        if self.reading is None or now >= self.stale:
            self.reading, self.stale = asyncio.create_task(self._read()), now + FRESH_SECONDS
        return await asyncio.shield(self.reading)

    def forget(self) -> None:
        self.reading = None

    async def _read(self) -> Frame:
        people = await self.presence.here(self.room.id)
        return Frame(fragments.here(await self._called(people[:LISTED]), max(0, len(people) - LISTED)))

    async def _called(self, people: Sequence[Person]) -> list[Presence]:
        """As they are called now, with their statuses; while the database is away, as they were called when they
        came."""
        try:
            faces = await self.room.resources.people.known(each.id for each in people)
        except Unavailable:
            faces = {}
        return [
            fragments.present(faces[each.id]) if each.id in faces else Presence(each.id, each.name) for each in people
        ]
