"""One socket of a room: `connect`, `receive`, `disconnect`, and `stop` when its right has ended.

Events call no consumer: what concerns a room calls its feed, once for all its sockets; what ends a right, the roster.
"""

import asyncio
import itertools
import logging
import random
import time
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import HTTPConnection

from webapp import addresses
from webapp.domain import accounts, memberships
from webapp.domain.accounts import Actor
from webapp.domain.errors import DomainError, NotFound, SignedOut
from webapp.domain.transaction import Transaction
from webapp.services import cookies, origins, posting
from webapp.services.leases import Person, Place
from webapp.services.resources import Resources
from webapp.sockets import commands, fragments
from webapp.sockets.codes import Close
from webapp.sockets.commands import BadCommand, Command, Post, Since
from webapp.sockets.connection import Connection
from webapp.sockets.feed import Feed
from webapp.sockets.frame import Frame
from webapp.sockets.hub import Hub
from webapp.sockets.roster import Roster
from webapp.store.database import Unavailable

log = logging.getLogger("tertulia.sockets")

CURSOR_SECONDS = 5.0
COMMANDS, COMMANDS_SECONDS = 40, 10.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0
WAITING = "The database does not answer just now. What you miss is shown as soon as it does."


class Consumer:
    """Serves one socket from its handshake to its end."""

    __slots__ = (
        "actor", "admitted", "connection", "counted", "counting_since", "feed", "hub", "network", "place",
        "receive_event", "resources", "room_id", "roster", "scope", "send_event", "waiting",
    )  # fmt: skip

    def __init__(self, scope: Any, receive: Any, send: Any, resources: Resources, hub: Hub, roster: Roster) -> None:
        self.scope = scope
        self.receive_event = receive
        self.send_event = send
        self.resources = resources
        self.hub = hub
        self.roster = roster
        self.connection = Connection(scope, send, resources.settings.limits)
        self.room_id: int = scope["path_params"]["room"]
        self.network = addresses.network(scope["client"][0]) if scope.get("client") else ""
        self.actor: Actor | None = None
        self.feed: Feed | None = None
        self.place: Place | None = None
        self.admitted = False
        self.waiting: asyncio.TimerHandle | asyncio.Task[None] | None = None
        self.counted = 0
        self.counting_since = 0.0

    async def serve(self) -> None:
        await self.receive_event()  # websocket.connect
        if not self._origin_is_ours():
            await self.send_event({"type": "websocket.close", "code": Close.NO_RIGHT})
            return
        try:
            if not await self.connect():
                return
            while (event := await self.receive_event())["type"] == "websocket.receive":
                await self.receive(event)
        finally:
            await self.disconnect()

    # -- connect

    async def connect(self) -> bool:
        """Whether the handshake was accepted: it is refused while nobody can be found in the database.

        For a socket that opens is a success to htmx, which comes back at once when that is closed; a refused handshake
        it tries again after pauses that grow. Who has no right is accepted, then told so by a code, because those
        tries would go on for ever.
        """
        try:
            self.actor = await self._authenticated()
        except Unavailable as error:
            await self._turn_away(error.retry_after)
            return False
        await self.send_event({"type": "websocket.accept"})
        self.roster.greet(self)
        if self.actor is None:
            self._refuse(Close.SIGNED_OUT, "You are signed out.")
            return True
        try:
            await self._enter()
        except BadCommand as error:
            self._refuse(Close.REFUSED, str(error))
        return True

    async def _authenticated(self) -> Actor | None:
        """Who asks, None without a session. Raises Unavailable."""
        session = cookies.session_hash(self.resources, HTTPConnection(self.scope))
        if session is None:
            return None
        try:
            return await self.resources.work.read(accounts.authenticate, session)
        except SignedOut:
            return None

    async def _turn_away(self, retry_after: int) -> None:
        """503 where the server can say it, else what it says to a refused handshake."""
        if "websocket.http.response" not in self.scope.get("extensions", {}):
            await self.send_event({"type": "websocket.close"})
            return
        headers = [(b"retry-after", b"%d" % retry_after), (b"content-length", b"0")]
        await self.send_event({"type": "websocket.http.response.start", "status": 503, "headers": headers})
        await self.send_event({"type": "websocket.http.response.body", "body": b""})

    async def _enter(self) -> None:
        """On the roster, which hears what ends a right, before asking for it: so no moment lies between the two."""
        self.connection.admit()
        self.roster.add(self)
        query = parse_qs(self.scope["query_string"].decode("latin-1"))
        self.scope.clear()  # kilobytes of headers that nobody reads again
        try:
            await self._admit()
        except Unavailable:
            self.tell(fragments.notice(WAITING))  # `_join` asks again
        if self.connection.closed:
            return
        if "since" in query:
            await self._obey(Since(commands.revision_of(query["since"][0])))
        else:
            loop = asyncio.get_running_loop()
            self.waiting = loop.call_later(
                CURSOR_SECONDS, self._refuse, Close.REFUSED, "The page's cursor did not come."
            )

    async def _admit(self) -> None:
        """Close to who may not be here. Raises Unavailable."""
        try:
            await self.check()
            self.admitted = True
        except SignedOut:
            self._refuse(Close.SIGNED_OUT, "You are signed out.")
        except NotFound:
            self._refuse(Close.NO_RIGHT, "This room is not open to you.")

    async def check(self) -> None:
        """Whether this person may still be here. Raises SignedOut, NotFound, Unavailable."""
        assert self.actor is not None
        self.actor = await self.resources.work.read(admitted, self.actor.session, self.room_id)

    def _origin_is_ours(self) -> bool:
        headers, settings = HTTPConnection(self.scope).headers, self.resources.settings
        host, origin = headers.get("host", ""), headers.get("origin", "")
        return origins.known_host(settings, host) and origins.is_ours(settings, self.scope["scheme"], host, origin)

    def _refuse(self, code: int, reason: str) -> None:
        self.tell(fragments.notice(reason))
        self.connection.close(code, reason)

    # -- receive

    async def receive(self, event: dict[str, Any]) -> None:
        text = event.get("text")
        if text is None:
            self._refuse(Close.WRONG_KIND, "Only text is understood here.")
        elif len(text) > self.resources.settings.limits.frame:
            self._refuse(Close.TOO_BIG, "This was too long.")
        elif not self._slow_enough():
            self._refuse(Close.REFUSED, "Too much at once. Reload the page.")
        elif not self.connection.closed:
            await self._answer(text)

    async def _answer(self, text: str) -> None:
        try:
            await self._obey(commands.parse(text))
        except BadCommand as error:
            self.tell(fragments.notice(str(error)))
        except DomainError as error:
            self.tell(fragments.notice(error.text))
        except Unavailable as error:
            again = f"Your text is kept: send it again in {error.retry_after} seconds."
            self.tell(fragments.notice(f"The database does not answer just now. {again}"))

    def _slow_enough(self) -> bool:
        now = time.monotonic()
        if now - self.counting_since > COMMANDS_SECONDS:
            self.counting_since, self.counted = now, 0
        self.counted += 1
        return self.counted <= COMMANDS

    async def _obey(self, command: Command) -> None:
        assert self.actor is not None
        match command:
            case Since():
                await self._join(command.revision)
            case Post():
                message, _ = await posting.post(
                    self.resources, self.actor.session, self.room_id, command.key, command.body
                )
                self.tell(fragments.acknowledged(command.key, message.id))

    async def _join(self, since: int) -> None:
        """Into the feed, once: a page that stands at `since` misses nothing from here on.

        While the database is away the socket waits: closed, it would be back at once.
        """
        if self.waiting is not None:
            self.waiting.cancel()
            self.waiting = None
        if self.feed is not None or self.connection.closed or self.actor is None:
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
        if not self.admitted:
            await self._admit()
        if self.connection.closed:
            return
        self.feed = await self.hub.join(self.room_id, self.connection, since)
        if self.connection.closed or self.actor is None:
            return
        self.place = Place(self.room_id, Person(self.actor.id, self.actor.display_name))
        await self.resources.presence.arrive(self.place)
        if attendance := self.hub.attendances.get(self.room_id):
            self.connection.write(await attendance.here())
        self.connection.write(self.roster.welcome)

    def tell(self, fragment: str) -> None:
        """To this socket alone."""
        self.connection.write(Frame(fragment))

    # -- events about this person

    def session_ended(self, session: str) -> None:
        if self.actor is not None and session == self.actor.session:
            self.stop(Close.SIGNED_OUT, "You have signed out.")

    def membership_ended(self, room_id: int) -> None:
        if room_id == self.room_id:
            self.stop(Close.NO_RIGHT, "You are no longer in this room.")

    def stop(self, code: int, reason: str) -> None:
        """From now on nothing of the room reaches this socket."""
        if self.feed is not None:
            self.feed.leave(self.connection)
        self._refuse(code, reason)

    # -- disconnect

    async def disconnect(self) -> None:
        self.connection.lost()
        self.roster.discard(self)
        if self.waiting is not None:
            self.waiting.cancel()
        if self.feed is not None:
            self.feed.leave(self.connection)
            self.hub.release(self.feed)
        if self.place is not None:
            await self.resources.presence.depart(self.place)


def admitted(tx: Transaction, session: str, room_id: int) -> Actor:
    """Who may be on this room's socket. Raises SignedOut, NotFound."""
    actor = accounts.authenticate(tx, session)
    memberships.require(tx, actor, room_id)
    return actor
