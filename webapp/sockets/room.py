"""The socket of a room's page: brings the room's log from the page's cursor on, and takes the page's commands."""

import asyncio
import itertools
import random
from collections.abc import Awaitable, Collection
from typing import Any

from starlette.requests import HTTPConnection

from webapp.domain import memberships
from webapp.domain.accounts import Actor
from webapp.domain.events import Values
from webapp.domain.memberships import Party
from webapp.domain.transaction import Transaction
from webapp.services import posting
from webapp.sockets import commands, fragments
from webapp.sockets.codes import Close
from webapp.sockets.commands import BadCommand
from webapp.sockets.dispatch import command, handler
from webapp.sockets.person import PersonConsumer
from webapp.sockets.rooms import Room
from webapp.sockets.shapes import whole
from webapp.sockets.shared import Shared
from webapp.store.database import Unavailable

CURSOR_SECONDS = 5.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0
WAITING = "The database does not answer just now. What you miss is shown as soon as it does."


class RoomConsumer(PersonConsumer):
    """Serves `/rooms/{room}/live`. `met` is how many of the room's listeners know that it has arrived, `people` the
    revision of the community's people that the page stands at."""

    __slots__ = ("away", "came", "met", "name", "party", "people", "room", "room_id", "waiting")
    not_open = "This room is not open to you."
    not_open_any_more = "You are no longer in this room."

    def __init__(self, scope: Any, receive: Any, send: Any, shared: Shared) -> None:
        super().__init__(scope, receive, send, shared)
        self.room_id: int = scope["path_params"]["room"]
        self.name = ""
        self.room: Room | None = None
        self.met = 0
        self.people: int | None = None
        self.party: Party | None = None
        self.away = False
        self.came: bool | None = None
        self.waiting: asyncio.TimerHandle | asyncio.Task[None] | None = None

    def rights(self, tx: Transaction, session: str) -> Actor:
        actor = super().rights(tx, session)
        room = memberships.require(tx, actor, self.room_id).room
        self.name, self.party = room.name, room.party
        return actor

    async def connect(self) -> None:
        """Wait for the page's cursor, or take it from the URL."""
        self.title = f"{self.name} · {self.resources.community.name}"
        since = HTTPConnection(self.scope).query_params.get("since")
        if not since:
            loop = asyncio.get_running_loop()
            self.waiting = loop.call_later(CURSOR_SECONDS, self.stop, Close.REFUSED, "The page's cursor did not come.")
            return
        try:
            await self._join(commands.revision_of(since))
        except BadCommand as error:
            self.stop(Close.REFUSED, str(error))

    async def disconnect(self) -> None:
        if self.waiting is not None:
            self.waiting.cancel()
        await super().disconnect()
        if self.room is None:
            return
        self.room.feed.leave(self.connection)
        self.shared.rooms.release(self.room)
        for listener in self.room.listeners[: self.met]:
            await listener.departed(self)

    def stop(self, code: int, reason: str) -> None:
        if self.room is not None:
            self.room.feed.leave(self.connection)
        super().stop(code, reason)

    @handler
    def memberships_ended(self, event: Values) -> None:
        if whole(event, "room") == self.room_id:
            self.stop(Close.NO_RIGHT, self.not_open_any_more)

    # -- commands

    @command
    async def since(self, values: Values) -> None:
        """My page stands at this revision: tell me what comes after. `people`: who is called otherwise since."""
        if "people" in values:
            self.people = commands.revision_of(values["people"])
        await self._join(commands.revision_of(values.get("since")))

    @command
    async def messages_post(self, values: Values) -> None:
        key, body = commands.text_of(values, "key"), commands.text_of(values, "body")
        message, _ = await posting.post(self.resources, self.session, self.room_id, key, body)
        self.tell(fragments.acknowledged(key, message.id))

    @command
    def end_seen(self, values: Values) -> None:
        """The end of the list has come into view."""
        self._look(values, came=True)
        if self.away:
            self.away = False
            self.tell(fragments.left(away=False))

    @command
    def end_still(self, values: Values) -> None:
        """The page is visible again, or its socket is open again, and the end of the list is in view."""
        self._look(values, came=False)

    @command
    def end_left(self, values: Values) -> None:
        """The page is hidden, or the list scrolled away from its end: then what comes from here on is new in it."""
        self.came = None
        self.shared.readers.look_away(self)
        if values.get("scrolled"):
            self.away = True
            self.tell(fragments.left(away=True))

    def _look(self, values: Values, came: bool) -> None:
        """`past`: the list of this page ends before the newest message."""
        if values.get("past"):
            return
        if self.room is None:
            self.came = came or bool(self.came)
        else:
            self.shared.readers.look(self, self.room.feed.base, came)

    def delegated(self, name: str, values: Values) -> Awaitable[None] | None:
        """To the listener of the room that knows the command; to none before this socket is in the room."""
        for listener in self.room.listeners if self.room is not None else ():
            if (method := listener.commands.get(name)) is not None:
                return method(listener, values, self)
        if self.room is None and any(name in kind.commands for kind in self.shared.rooms.kinds):
            return None
        return super().delegated(name, values)

    # -- into the room

    async def _join(self, since: int) -> None:
        """Once: a page that stands at `since` misses nothing from here on.

        While the database is away the socket waits: closed, it would be back at once.
        """
        if self.waiting is not None:
            self.waiting.cancel()
            self.waiting = None
        if self.room is not None or self.connection.closed:
            return
        try:
            await self._go_in(since)
        except Unavailable:
            self.tell(fragments.notice(WAITING))
            self.waiting = asyncio.create_task(self._join_later(since))

    async def _join_later(self, since: int) -> None:
        for attempt in itertools.count():
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempt, 8))
            await asyncio.sleep(pause * random.uniform(0.7, 1.3))  # noqa: S311 - jitter
            try:
                return await self._go_in(since)
            except Unavailable:
                continue

    async def _go_in(self, since: int) -> None:
        """Raises Unavailable."""
        if self.connection.closed:
            return
        if self.party is not None:
            self.title = await self.titled(self.party)
        self.room = await self.shared.rooms.join(self.room_id, self.connection, since)
        if self.connection.closed:
            return
        for listener in self.room.listeners:
            self.met += 1
            await listener.arrived(self)
        await self._tell_names()
        self.connection.write(self.roster.welcome)
        self.shared.readers.arrive(self, self.room_id)
        if self.came is not None:
            self.shared.readers.look(self, self.room.feed.base, self.came)

    async def titled(self, party: Party) -> str:
        """The title of a direct room's page: the people of it as they are called now. Raises Unavailable."""
        assert self.actor is not None
        return f"{await self.resources.people.title(party, self.actor.id)} · {self.resources.community.name}"

    async def retitle(self, people: Collection[int]) -> None:
        if self.party is None or not set(people).intersection(self.party.people):
            return
        title = await self.titled(self.party)
        if title != self.title:
            self.tell(fragments.titled(title))
            self.entitle(title)

    async def _tell_names(self) -> None:
        """Who has changed since the page was made. What changes from now on, the room is told."""
        people = self.resources.people
        while self.people is not None and self.people < people.revision and not self.connection.closed:
            try:
                faces = await people.since(self.people)
            except Unavailable:
                return self.stop(Close.AGAIN_LATER, "The database does not answer just now.")
            if not faces:
                return None
            self.people = faces[-1].revision
            self.tell(fragments.people_changed(faces, self.people))
        return None
