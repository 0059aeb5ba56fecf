"""Who is typing in one room: never stored, and over by itself.

The page says `typing.start` while its person types. At most one `typing.started` per person goes to the channel layer
in EVERY_SECONDS. Each process shows it to the others in the room for SHOWN_SECONDS, or until the person posts. Nobody
is told in a room with more than MOST_PEOPLE.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from webapp.domain import events
from webapp.domain.events import Values
from webapp.sockets.connection import Connection
from webapp.sockets.dispatch import command, handler
from webapp.sockets.guest import Guest
from webapp.sockets.rooms import Room, RoomListener
from webapp.sockets.shapes import Malformed, messages, text, whole
from webapp.templating import render

EVERY_SECONDS = 3.0
AFTER_MESSAGE_SECONDS = 3.5
"""A page that throttles its commands sends the last one late: it is not of the message after."""
SHOWN_SECONDS = 6.0
LOOK_SECONDS = 1.0
MOST_PEOPLE = 100
NAMED = 2


@dataclass(slots=True)
class Typist:
    """Moments of the loop's clock: shown until, and told again from."""

    name: str
    until: float = 0.0
    again: float = 0.0


class Typing(RoomListener):
    """`typists` by user id: those that are shown, and those that were told of a moment ago."""

    def __init__(self, room: Room) -> None:
        super().__init__(room)
        self.clock = asyncio.get_running_loop().time
        self.typists: dict[int, Typist] = {}
        self.looking: asyncio.TimerHandle | None = None
        self.crowded = False
        self.counted = 0.0

    # -- commands and events

    @command
    async def typing_start(self, _values: Values, guest: Guest) -> None:
        actor = guest.actor
        if actor is None or self._typist(actor.id, actor.display_name).again > self.clock():
            return
        self.typists[actor.id].again = self.clock() + EVERY_SECONDS
        if not await self._is_crowded():
            self.room.publish(events.typing_started(self.room.id, actor.id, actor.display_name))

    @handler
    def typing_started(self, event: Values) -> None:
        user, name = whole(event, "user"), text(event, "name")
        if whole(event, "room") != self.room.id:
            raise Malformed("room is another one")
        typist = self._typist(user, name)
        typist.until = self.clock() + SHOWN_SECONDS
        typist.again = self.clock() + EVERY_SECONDS
        self._show(user)

    @handler
    def messages_changed(self, event: Values) -> None:
        if not self.typists:
            return
        revision = whole(event, "revision")
        for message in messages(event, self.room.id, revision):
            typist = self.typists.get(message.author_id)
            if typist is not None and message.posted_revision == revision:
                typist.again = self.clock() + AFTER_MESSAGE_SECONDS
                if typist.until:
                    typist.until = 0.0
                    self._show(message.author_id)

    def close(self) -> None:
        if self.looking is not None:
            self.looking.cancel()
        self.typists.clear()

    # -- who is shown

    def _typist(self, user: int, name: str) -> Typist:
        if self.looking is None:
            self.looking = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)
        return self.typists.setdefault(user, Typist(name))

    def _look(self) -> None:
        """End what has lasted long enough."""
        self.looking, now = None, self.clock()
        for user, typist in tuple(self.typists.items()):
            if typist.until and typist.until <= now:
                typist.until = 0.0
                self._show(user)
            if typist.until <= now and typist.again <= now:
                del self.typists[user]
        if self.typists:
            self.looking = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    def _show(self, changed: int) -> None:
        """To everybody but whose state has changed; who types as well is told of the others alone."""
        shown = {user: typist.name for user, typist in self.typists.items() if typist.until}
        owners = {connection: user for user in (*shown, changed) for connection in self.room.own(user)}
        lines: defaultdict[str, list[Connection]] = defaultdict(list)
        for connection in self.room.everybody:
            owner = owners.get(connection)
            if owner != changed:
                lines[line(name for user, name in shown.items() if user != owner)].append(connection)
        for words, connections in lines.items():
            self.room.say_to(connections, render("typing/events/started.html", line=words))

    async def _is_crowded(self) -> bool:
        """Whether more than MOST_PEOPLE are in the room, in all processes together; asked at most every few seconds."""
        if self.clock() >= self.counted:
            self.counted = self.clock() + EVERY_SECONDS
            self.crowded = len(await self.room.resources.presence.here(self.room.id)) > MOST_PEOPLE
        return self.crowded


def line(names: Iterable[str]) -> str:
    """`Ana is typing`; nothing for nobody."""
    found = list(names)
    if not found:
        return ""
    if len(found) > NAMED:
        return "Several people are typing"
    return f"{' and '.join(found)} {'is' if len(found) == 1 else 'are'} typing"
