"""Our WebSocket protocol against peers that end badly, over real connections."""

import asyncio
import base64
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from webapp.settings import Limits
from webapp.sockets import protocol
from webapp.sockets.connection import Connection
from webapp.sockets.frame import Frame
from webapp.sockets.protocol import FrameProtocol

pytestmark = pytest.mark.anyio
HANDSHAKE = (
    "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
)


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": True}


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  a transport's state has no event to wait for
            await asyncio.sleep(0.02)


class Served:
    """A server of FrameProtocol with one peer that has shaken hands: both ends of its connection."""

    def __init__(self, peer: socket.socket) -> None:
        self.peer = peer
        self.protocols: list[FrameProtocol] = []
        self.opened: list[Connection] = []
        self.ended: list[str] = []

    async def application(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        self.opened.append(Connection(scope, send, Limits()))
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            pass
        self.ended.append(message["type"])
        self.opened[0].lost()

    @property
    def connection(self) -> Connection:
        return self.opened[0]


@asynccontextmanager
async def served(**options: Any) -> AsyncIterator[Served]:
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made = Served(peer)
    config = Config(made.application, ws_per_message_deflate=False, log_level="error", interface="asgi3", **options)
    config.load()
    state = ServerState()

    def make() -> FrameProtocol:
        made.protocols.append(FrameProtocol(config, state, {}))
        return made.protocols[-1]

    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    try:
        peer.connect(server.sockets[0].getsockname())
        peer.sendall(HANDSHAKE.format(key=base64.b64encode(os.urandom(16)).decode()).encode())
        await until(lambda: bool(made.opened) and made.connection.put is not None)
        yield made
    finally:
        peer.close()
        server.close()


@pytest.mark.parametrize("ending", ["half-closed", "a closing frame"])
async def test_a_peer_that_reads_nothing_and_ends_is_let_go(monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    """Its buffer never drains, so a transport that waits for that would wait for ever."""
    monkeypatch.setattr(protocol, "CLOSE_SECONDS", 0.2)
    async with served() as here:
        connection, frame = here.connection, Frame("x" * 20_000)
        while connection.put is not None:
            Connection.write_all([connection], frame)
            await asyncio.sleep(0)
        if ending == "half-closed":
            here.peer.shutdown(socket.SHUT_WR)
        else:
            here.peer.sendall(b"\x88\x82\x00\x00\x00\x00\x03\xe8")
        await until(lambda: bool(here.ended) and here.protocols[0].disconnected)
        Connection.write_all([connection], frame)
        assert connection.put is None
        assert connection.backlog is None


async def test_nothing_is_put_after_the_close_of_a_peer_that_answers_no_ping() -> None:
    async with served(ws_ping_interval=0.05, ws_ping_timeout=0.1) as here:
        put_when_closed: list[object] = []
        close = here.protocols[0].conn.fail

        def fail(code: int, reason: str = "") -> None:
            close(code, reason)
            asyncio.get_running_loop().call_soon(lambda: put_when_closed.append(here.connection.put))

        here.protocols[0].conn.fail = fail  # type: ignore[method-assign]
        await until(lambda: bool(put_when_closed))
        assert put_when_closed == [None]
