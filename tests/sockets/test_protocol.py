"""Our WebSocket protocol against peers that end badly, over real connections."""

import asyncio
import base64
import os
import socket
from collections.abc import Callable
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


@pytest.mark.parametrize("ending", ["half-closed", "a closing frame"])
async def test_a_peer_that_reads_nothing_and_ends_is_let_go(monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    """Its buffer never drains, so a transport that waits for that would wait for ever."""
    monkeypatch.setattr(protocol, "CLOSE_SECONDS", 0.2)
    opened: list[Connection] = []
    ended: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        opened.append(Connection(scope, send, Limits()))
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            pass
        ended.append(message["type"])
        opened[0].lost()

    config = Config(application, ws_per_message_deflate=False, log_level="error")
    config.load()
    state, protocols = ServerState(), []

    def make() -> FrameProtocol:
        protocols.append(FrameProtocol(config, state, {}))
        return protocols[-1]

    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    try:
        peer.connect(server.sockets[0].getsockname())
        peer.sendall(HANDSHAKE.format(key=base64.b64encode(os.urandom(16)).decode()).encode())
        await until(lambda: bool(opened))
        connection, frame = opened[0], Frame("x" * 20_000)
        await until(lambda: connection.put is not None)
        while connection.put is not None:
            Connection.write_all([connection], frame)
            await asyncio.sleep(0)
        if ending == "half-closed":
            peer.shutdown(socket.SHUT_WR)
        else:
            peer.sendall(b"\x88\x82\x00\x00\x00\x00\x03\xe8")
        await until(lambda: bool(ended) and protocols[0].disconnected)
        Connection.write_all([connection], frame)
        assert connection.put is None
        assert connection.backlog is None
    finally:
        peer.close()
        server.close()
