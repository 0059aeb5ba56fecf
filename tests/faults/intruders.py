"""Peers that keep to no rule: raw connections which write what they like and read it or do not."""

import asyncio
import base64
import os
import select
import socket
from collections.abc import Iterator
from typing import Self

from tests.people import Person
from tests.servers import Server

MASK = b"\x00\x00\x00\x00"
TEXT, CONTINUATION, PING = 0x81, 0x00, 0x89
FIRST_FRAGMENT = 0x01
CHUNK = 65_536


class Intruder:
    """One connection. What comes is kept in `heard`, unless it is `deaf`; `over` is set when the connection ends."""

    def __init__(self, deaf: bool = False) -> None:
        self.deaf = deaf
        self.heard = bytearray()
        self.sent = 0
        self.over = asyncio.Event()

    @classmethod
    async def knock(cls, server: Server, data: bytes = b"", deaf: bool = False) -> Self:
        made = cls(deaf)
        await made._connect(server.port)
        await made.write(data)
        return made

    async def _connect(self, port: int) -> None:
        self.socket = socket.socket()
        self.socket.setblocking(False)
        if self.deaf:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await asyncio.get_running_loop().sock_connect(self.socket, ("127.0.0.1", port))
        self.listening = None if self.deaf else asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while data := await loop.sock_recv(self.socket, CHUNK):
                self.heard += data
        except OSError:
            pass
        self.over.set()

    async def write(self, data: bytes) -> bool:
        """False when the server takes no more, because the connection has ended."""
        try:
            await asyncio.get_running_loop().sock_sendall(self.socket, data)
        except OSError:
            self.over.set()
            return False
        self.sent += len(data)
        return True

    async def pour(self, pieces: Iterator[bytes]) -> None:
        """Until there are no more, or nobody takes them."""
        for piece in pieces:
            if not await self.write(piece):
                return

    async def drip(self, piece: bytes) -> None:
        """The same again and again, a little at a time, until the connection ends."""
        ended = select.poll()
        ended.register(self.socket, 0)
        while not self.over.is_set() and not ended.poll(0) and await self.write(piece):  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    async def hears(self, expected: bytes) -> None:
        async with asyncio.timeout(20):
            while expected not in self.heard and not self.over.is_set():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert expected in self.heard, bytes(self.heard[-300:])

    async def ends(self, within: float = 20) -> None:
        async with asyncio.timeout(within):
            await self.over.wait()

    @property
    def status(self) -> int:
        return int(bytes(self.heard).partition(b" ")[2][:3] or 0)

    @property
    def code(self) -> int:
        """Of the closing frame, which is the last that was heard."""
        at = self.heard.rfind(b"\x88", len(self.heard) - 127 if len(self.heard) > 127 else 0)
        return int.from_bytes(self.heard[at + 2 : at + 4], "big") if at >= 0 else 1006

    async def close(self) -> None:
        if self.listening is not None:
            self.listening.cancel()
            await asyncio.gather(self.listening, return_exceptions=True)
        self.socket.close()


def head(server: Server, *lines: str, line: str = "GET /up HTTP/1.1") -> bytes:
    return "\r\n".join([line, f"Host: 127.0.0.1:{server.port}", *lines, "", ""]).encode()


def handshake(server: Server, room: int, person: Person | None = None, cookie: str = "") -> bytes:
    session = f"; session={person.http.cookies['session']}" if person else ""
    return head(
        server,
        f"Origin: {server.url}",
        f"Cookie: pref={cookie}{session}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        line=f"GET /rooms/{room}/live?since=0 HTTP/1.1",
    )


def frame(first: int, payload: bytes = b"") -> bytes:
    """A masked frame of less than 126 bytes."""
    return bytes((first, 0x80 | len(payload))) + MASK + payload
