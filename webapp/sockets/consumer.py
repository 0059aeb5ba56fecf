"""The base of every socket: `connect`, `receive`, `disconnect`, and a method for each event, as in Django Channels.

DEVELOPERS.md has a whole one in 30 lines. Origin, session, rights, limits, heartbeat and closing are the base's affair:
a subclass is called only for who may be here, and no longer than that.
"""

import time
from collections.abc import Awaitable
from typing import Any, ClassVar

from starlette.requests import HTTPConnection

from webapp import addresses
from webapp.domain import accounts
from webapp.domain.accounts import Actor
from webapp.domain.errors import DomainError, NotFound, SignedOut
from webapp.domain.events import Event, Values
from webapp.domain.transaction import Transaction
from webapp.services import cookies, origins
from webapp.services.resources import Resources
from webapp.sockets import commands, fragments
from webapp.sockets.codes import Close
from webapp.sockets.commands import BadCommand
from webapp.sockets.connection import Connection
from webapp.sockets.dispatch import handler
from webapp.sockets.frame import Frame
from webapp.sockets.guest import Guest
from webapp.sockets.roster import Roster
from webapp.sockets.shapes import text
from webapp.sockets.shared import Shared
from webapp.sockets.turns import Turns
from webapp.store.database import Unavailable

COMMANDS, COMMANDS_SECONDS = 40, 10.0


class Consumer(Guest):
    """Serves one socket from its handshake to its end. `groups` are subscribed to before `connect`."""

    __slots__ = (
        "actor", "connected", "connection", "counted", "counting_since", "doubtful", "network", "receive_event",
        "scope", "send_event", "session", "shared", "subscribed", "turns",
    )  # fmt: skip
    groups: ClassVar[tuple[str, ...]] = ()
    not_open: ClassVar[str] = "This is not open to you."
    not_open_any_more: ClassVar[str] = "This is no longer open to you."

    def __init__(self, scope: Any, receive: Any, send: Any, shared: Shared) -> None:
        self.scope = scope
        self.receive_event = receive
        self.send_event = send
        self.shared = shared
        self.connection = Connection(scope, send, shared.resources.settings.limits)
        self.network = addresses.network(scope["client"][0]) if scope.get("client") else ""
        self.actor: Actor | None = None
        self.session: str | None = None
        self.doubtful = self.connected = False
        self.subscribed: tuple[str, ...] = ()
        self.turns: Turns | None = None
        self.counted = 0
        self.counting_since = 0.0

    # -- what a subclass overrides

    async def connect(self) -> None:
        """The socket is open and its person may be here. `self.scope` is the handshake's, until this returns."""

    async def receive(self, text: str) -> None:
        """A text frame within the limits. Unless overridden it calls a method marked `@command`."""
        try:
            await self._obey(*commands.parse(text))
        except BadCommand as error:
            self.tell(fragments.notice(str(error)))
        except DomainError as error:
            self.tell(fragments.notice(error.text))
        except Unavailable as error:
            again = f"Your text is kept: send it again in {error.retry_after} seconds."
            self.tell(fragments.notice(f"The database does not answer just now. {again}"))

    async def disconnect(self) -> None:
        """The socket has ended; called once for each `connect`."""

    def rights(self, tx: Transaction, session: str) -> Actor:
        """Who may open this socket, in one transaction. Raises SignedOut, NotFound."""
        return accounts.authenticate(tx, session)

    def delegated(self, name: str, values: Values) -> Awaitable[None] | None:
        """A command that the consumer has no method for. Raises BadCommand."""
        raise BadCommand("This command is not known here.")

    # -- what a subclass calls

    @property
    def resources(self) -> Resources:
        return self.shared.resources

    @property
    def roster(self) -> Roster:
        return self.shared.roster

    def tell(self, fragment: str) -> None:
        """To this socket alone. Never waits."""
        self.connection.write(Frame(fragment))

    def publish(self, event: Event) -> None:
        """To every process that listens to the event's group, this one too."""
        self.resources.work.publisher.tell([event])

    async def subscribe(self, group: str) -> None:
        """From the return of this on, the group's events call this consumer's handlers."""
        self.subscribed += (group,)
        await self.shared.hub.subscribe(group, self)

    def stop(self, code: int, reason: str) -> None:
        self._hear_nothing_more()
        self.tell(fragments.notice(reason))
        self.connection.close(code, reason)

    # -- its life

    async def serve(self) -> None:
        await self.receive_event()  # websocket.connect
        if not self._read_handshake():
            await self.send_event({"type": "websocket.close", "code": Close.NO_RIGHT})
            return
        try:
            if await self._open():
                while (event := await self.receive_event())["type"] == "websocket.receive":
                    await self._take(event)
        finally:
            await self._end()

    async def _open(self) -> bool:
        """Whether the handshake was accepted: it is refused while the database is away.

        To htmx a socket that opens is a success: it comes back at once when that is closed, but after growing pauses to
        a handshake that was refused. Who has no right is accepted, then told so by a code, or would ask for ever.
        """
        self.roster.expect(self)
        try:
            refusal = await self._refusal(self.not_open)
        except Unavailable as error:
            await self._turn_away(error.retry_after)
            return False
        await self.send_event({"type": "websocket.accept"})
        self.roster.greet(self)
        if refusal is not None:
            self.stop(*refusal)
        else:
            await self._enter()
        return True

    async def _turn_away(self, retry_after: int) -> None:
        """503 where the server can say it, else what it says to a refused handshake."""
        if "websocket.http.response" not in self.scope.get("extensions", {}):
            await self.send_event({"type": "websocket.close"})
            return
        headers = [(b"retry-after", b"%d" % retry_after), (b"content-length", b"0")]
        await self.send_event({"type": "websocket.http.response.start", "status": 503, "headers": headers})
        await self.send_event({"type": "websocket.http.response.body", "body": b""})

    async def _enter(self) -> None:
        """From the roster it hears what ends its rights. What ended rights since they were read made it doubtful: then
        they are read again, so that no moment lies between the two."""
        self.roster.add(self)
        if self.doubtful:
            try:
                await self.recheck()
            except Unavailable:
                self.stop(Close.AGAIN_LATER, "The database does not answer just now.")
        if self.connection.closed:
            return
        self.connection.admit()
        self.connected = True
        for group in self.groups:
            await self.subscribe(group)
        await self.connect()
        self.scope.clear()  # kilobytes of headers that nobody reads again

    async def _end(self) -> None:
        self.connection.lost()
        self.roster.discard(self)
        self._hear_nothing_more()
        if self.connected:
            await self.disconnect()

    def _hear_nothing_more(self) -> None:
        for group in self.subscribed:
            self.shared.hub.unsubscribe(group, self)
        self.subscribed = ()
        if self.turns is not None:
            self.turns.cancel()

    # -- rights

    def _read_handshake(self) -> bool:
        """Whether one of our own pages asks; with the hash of its session."""
        handshake, settings = HTTPConnection(self.scope), self.resources.settings
        self.session = cookies.session_hash(self.resources, handshake)
        host, origin = handshake.headers.get("host", ""), handshake.headers.get("origin", "")
        return origins.known_host(settings, host) and origins.is_ours(settings, self.scope["scheme"], host, origin)

    async def _refusal(self, not_open: str) -> tuple[int, str] | None:
        """The code and words for a person who may not be here. Raises Unavailable."""
        if self.session is None:
            return Close.SIGNED_OUT, "You are signed out."
        try:
            self.actor = await self.shared.admissions.read(self.rights, self.session)
        except SignedOut:
            return Close.SIGNED_OUT, "You are signed out."
        except NotFound:
            return Close.NO_RIGHT, not_open
        return None

    def doubt(self) -> None:
        self.doubtful = True

    async def recheck(self) -> None:
        refusal = await self._refusal(self.not_open_any_more)
        if refusal is not None:
            self.stop(*refusal)

    @handler
    def sessions_ended(self, event: Values) -> None:
        if text(event, "session") == self.session:
            self.stop(Close.SIGNED_OUT, "You have signed out.")

    # -- frames and events

    async def _take(self, event: dict[str, Any]) -> None:
        text = event.get("text")
        if text is None:
            self.stop(Close.WRONG_KIND, "Only text is understood here.")
        elif len(text) > self.resources.settings.limits.frame:
            self.stop(Close.TOO_BIG, "This was too long.")
        elif not self._slow_enough():
            self.stop(Close.REFUSED, "Too much at once. Reload the page.")
        elif not self.connection.closed:
            await self.receive(text)

    def _slow_enough(self) -> bool:
        now = time.monotonic()
        if now - self.counting_since > COMMANDS_SECONDS:
            self.counting_since, self.counted = now, 0
        self.counted += 1
        return self.counted <= COMMANDS

    async def _obey(self, name: str, values: Values) -> None:
        own = self.commands.get(name)
        answer = own(self, values) if own is not None else self.delegated(name, values)
        if answer is not None:
            await answer

    def hear(self, name: str, event: Values) -> None:
        """An ordinary handler is called at once; an `async def` one when those before it have ended.

        Too many that wait close the socket, which catches up when it returns.
        """
        call: Any = self.handlers[name](self, event)
        if call is None:
            return
        if self.turns is None:
            self.turns = Turns()
        if not self.turns.add(call):
            self.stop(Close.AGAIN_LATER, "too slow")
