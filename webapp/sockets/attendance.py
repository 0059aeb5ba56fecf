"""Announces who joins and leaves one room: batches 0.25 s, summarises above ten, and lists who is here.

A room of thousands must not tell each of them about each: that would be millions of lines when they all come at once.
While crowds come and go, the list goes to all every two seconds.
"""

import asyncio

from webapp.domain.events import Values
from webapp.services.leases import Person, Place
from webapp.sockets import fragments
from webapp.sockets.dispatch import handler
from webapp.sockets.frame import Frame
from webapp.sockets.guest import Guest
from webapp.sockets.rooms import Room, RoomListener
from webapp.sockets.shapes import flag, text, whole

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
        if not self.changes:
            asyncio.get_running_loop().call_later(self.wait, self._tell)
        self.changes[user] = change
        if self.wait == TOGETHER_SECONDS and len(self.changes) <= CROWD:
            self.forget()

    @handler
    def presence_renewed(self, _event: Values) -> None:
        if not self.looking:
            self.looking = True
            self.telling = asyncio.create_task(self._look_again())

    async def _look_again(self) -> None:
        await asyncio.sleep(TOGETHER_SECONDS)
        self.looking = False
        await self.refresh()

    def _tell(self) -> None:
        changes, self.changes = self.changes, {}
        self.wait = TOGETHER_SECONDS if len(changes) <= CROWD else CROWD_SECONDS
        self.forget()
        if len(changes) > CROWD:
            self.telling = asyncio.create_task(self.refresh(len(changes)))
            return
        self.room.say("".join(fragments.presence_changed(user, name, here) for user, (name, here) in changes.items()))

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
        return Frame(fragments.here(await self.presence.here(self.room.id)))
