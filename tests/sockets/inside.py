"""The application inside the test's own event loop, and sockets that are driven by hand.

async with inside(folder, clock=Clock) as process:
    ana = await process.person("Ana")
    socket = process.open("/clock", ana)
    await socket.sees("tick")
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from starlette.routing import compile_path

from webapp.app import Application, create_app
from webapp.domain import accounts, direct, invitations, memberships, messages, rooms
from webapp.domain.accounts import Actor, Browser, Newcomer
from webapp.domain.messages import Draft
from webapp.domain.transaction import Transaction
from webapp.services.signatures import hashed
from webapp.settings import load
from webapp.sockets.consumer import Consumer
from webapp.sockets.shared import Shared

HOST = "127.0.0.1:8000"
WITHIN = 20.0
T = TypeVar("T")


@dataclass(frozen=True)
class Somebody:
    id: int
    actor: Actor
    cookie: str


class Socket:
    """One socket: `sent` is what it was sent, `code` what it was closed with."""

    def __init__(self, app: Application, path: str, cookie: str) -> None:
        headers = [(b"host", HOST.encode()), (b"origin", f"http://{HOST}".encode()), (b"cookie", cookie.encode())]
        path, _, query = path.partition("?")
        scope = {
            "type": "websocket", "scheme": "ws", "path": path, "query_string": query.encode(), "headers": headers,
            "client": ("127.0.0.1", 1), "extensions": {},
        }  # fmt: skip
        self.sent: list[str] = []
        self.code: int | None = None
        self.changed = asyncio.Condition()
        self.incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.incoming.put_nowait({"type": "websocket.connect"})
        self.serving = asyncio.create_task(app(scope, self.incoming.get, self._send))

    async def _send(self, event: Any) -> None:
        async with self.changed:
            if event["type"] == "websocket.send":
                self.sent.append(event["text"])
            elif event["type"] == "websocket.close":
                self.code = event["code"]
                self.incoming.put_nowait({"type": "websocket.disconnect", "code": self.code})
            self.changed.notify_all()

    def say(self, text: str) -> None:
        self.incoming.put_nowait({"type": "websocket.receive", "text": text})

    async def sees(self, text: str) -> None:
        """Until it was sent this, now or before."""
        async with asyncio.timeout(WITHIN), self.changed:
            await self.changed.wait_for(lambda: any(text in each for each in self.sent))

    async def closes(self) -> int:
        """The code that it is closed with; returns when nothing serves it any more."""
        async with asyncio.timeout(WITHIN):
            await self.serving
        assert self.code is not None
        return self.code

    async def leave(self) -> None:
        self.incoming.put_nowait({"type": "websocket.disconnect", "code": 1001})
        async with asyncio.timeout(WITHIN):
            await self.serving


class Process:
    """One running application. `do` runs a rule in a transaction and publishes its events."""

    def __init__(self, app: Application) -> None:
        self.app = app
        self.shared: Shared = app.shared

    async def do(self, rule: Callable[..., T], *args: Any) -> T:
        return await self.shared.resources.work.write(rule, *args)

    async def set_up(self) -> Somebody:
        """The admin."""
        return await self._signed_in(await self.do(accounts.set_up, "Casa", "UTC", Newcomer("admin", "Admin", "hash")))

    async def person(self, admin: Somebody, name: str) -> Somebody:
        invitation = await self.do(invitations.make, admin.actor, 1, 1)
        return await self._signed_in(await self.do(accounts.sign_up, invitation, Newcomer(name.lower(), name, "hash")))

    async def _signed_in(self, user_id: int) -> Somebody:
        token = secrets.token_hex(16)
        await self.do(accounts.start_session, user_id, Browser(hashed(token), "127.0.0.1", "test"), None)
        actor = await self.do(accounts.authenticate, hashed(token))
        return Somebody(user_id, actor, f"session={self.shared.resources.signatures.session_cookie(token, False)}")

    async def room(self, owner: Somebody, *members: Somebody) -> int:
        room_id = await self.do(rooms.create, owner.id, "Room", "", "closed")
        for each in members:
            await self.do(memberships.add, owner.actor, room_id, each.actor.username, "member")
        return room_id

    async def direct(self, *people: Somebody) -> int:
        first, *others = people
        return await self.do(direct.make, first.actor, [each.actor.username for each in others])

    async def post(self, author: Somebody, room_id: int, text: str) -> None:
        draft = Draft(secrets.token_hex(8), text, f"<p>{text}</p>")
        await self.do(messages.post, author.actor, room_id, draft, "UTC")

    def open(self, path: str, person: Somebody | None = None) -> Socket:
        return Socket(self.app, path, person.cookie if person is not None else "")


@asynccontextmanager
async def inside(folder: Path, *sockets: tuple[str, type[Consumer]], **environ: str) -> AsyncIterator[Process]:
    """The application on a fresh database, with these sockets beside its own."""
    app = create_app(load({"DATA_DIR": str(folder), **environ}))
    app.sockets = (*app.sockets, *((compile_path(path)[0], consumer) for path, consumer in sockets))
    async with app.router.lifespan_context(app):
        yield Process(app)


def remove_from(room_id: int, admin: Somebody, person: Somebody) -> Callable[[Transaction], None]:
    return lambda tx: memberships.remove(tx, admin.actor, room_id, person.id)
