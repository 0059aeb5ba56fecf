"""Who comes to one room and who goes, told gently: what happens within a moment is told together, and a crowd as one.

A room of thousands must not tell each of them about each: that would be millions of lines when they all come at once.
"""

import asyncio
from collections.abc import Awaitable, Callable

from webapp.domain.events import Values
from webapp.services.leases import Person
from webapp.sockets import fragments
from webapp.sockets.dispatch import Listener, handler
from webapp.sockets.frame import Frame
from webapp.sockets.shapes import flag, text, whole

TOGETHER_SECONDS = 0.25
CROWD = 10
FRESH_SECONDS = 1.0

ReadHere = Callable[[int], Awaitable[list[Person]]]


class Attendance(Listener):
    """`say` tells a fragment to all in the room; `read` finds who is in it."""

    def __init__(self, room_id: int, read: ReadHere, say: Callable[[str], None]) -> None:
        self.room_id = room_id
        self.read = read
        self.say = say
        self.changes: dict[int, tuple[str, bool]] = {}
        self.reading: asyncio.Task[Frame] | None = None
        self.telling: asyncio.Task[None] | None = None
        self.looking = False

    @handler
    def presence_changed(self, event: Values) -> None:
        user, change = whole(event, "user"), (text(event, "name"), flag(event, "here"))
        if not self.changes:
            asyncio.get_running_loop().call_later(TOGETHER_SECONDS, self._tell)
        self.changes[user] = change
        if len(self.changes) <= CROWD:
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
        if len(changes) > CROWD:
            self.telling = asyncio.create_task(self.refresh(len(changes)))
            return
        self.say("".join(fragments.presence_changed(user, name, here) for user, (name, here) in changes.items()))

    async def refresh(self, crowd: int = 0) -> None:
        """Tell all in the room who is in it; `crowd`: so many have come or gone just now."""
        self.forget()
        self.say(fragments.crowd_changed(crowd) + (await self.here()).text)

    async def here(self) -> Frame:
        """Who is here, for one who has just come; those who come within a second share it."""
        if self.reading is None:
            self.reading = asyncio.create_task(self._read())
            asyncio.get_running_loop().call_later(FRESH_SECONDS, self.forget)
        return await asyncio.shield(self.reading)

    def forget(self) -> None:
        self.reading = None

    async def _read(self) -> Frame:
        return Frame(fragments.here(await self.read(self.room_id)))
