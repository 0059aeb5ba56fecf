"""Windows by the hundred: sockets that follow a room's cursor and nothing else, for a few microseconds a frame."""

import asyncio
import base64
import json
import re
import secrets
from urllib.parse import urlsplit

from tests.faults.cluster import Doors
from tests.people import Person

CURSOR = re.compile(rb'id="cursor" name="since" value="(\d+)"')
TAIL = 300
"""Bytes at a frame's end among which its cursor is."""
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class Sink(asyncio.Protocol):
    """One socket from the room's beginning on. It answers pings, and does not come back when it is closed."""

    def __init__(self, doors: Doors, person: Person, room: int) -> None:
        self.doors = doors
        self.person = person
        self.room = room
        self.cursor = 0
        self.live = False
        self.codes: list[int] = []
        self.buffer = b""
        self.open_for_frames = False
        self.transport: asyncio.Transport | None = None

    def __repr__(self) -> str:
        return f"<sink in room {self.room}, revision {self.cursor}>"

    async def open(self) -> None:
        url = self.doors.doors()[0]
        place = urlsplit(url)
        await asyncio.get_running_loop().create_connection(lambda: self, place.hostname, place.port)
        assert self.transport is not None
        self.transport.write(
            f"GET /rooms/{self.room}/live HTTP/1.1\r\nHost: {place.netloc}\r\nOrigin: {url}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(secrets.token_bytes(16)).decode()}\r\n"
            f"Cookie: session={self.person.http.cookies['session']}\r\n\r\n".encode()
        )

    async def close(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def stands_at(self, head: int) -> bool:
        return self.live and self.cursor >= head

    # -- asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.open_for_frames:
            head, end, rest = self.buffer.partition(b"\r\n\r\n")
            if not end:
                return
            assert head.startswith(b"HTTP/1.1 101 "), head
            self.open_for_frames, self.buffer = True, rest
            self._send(TEXT, json.dumps({"since": "0"}).encode())
        self.buffer = self.buffer[self._take_frames() :]

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.codes:
            self.codes.append(1006)
        self.live = False

    # -- frames (RFC 6455, section 5.2)

    def _take_frames(self) -> int:
        """Where the first incomplete frame begins."""
        buffer, start = self.buffer, 0
        while len(buffer) >= start + 2:
            length, body = buffer[start + 1], start + 2
            if length > 125:
                body += 2 if length == 126 else 8
                length = int.from_bytes(buffer[start + 2 : body], "big")
            end = body + length
            if len(buffer) < max(end, body):
                break
            self._frame(buffer[start] & 15, body, end)
            start = end
        return start

    def _frame(self, opcode: int, body: int, end: int) -> None:
        if opcode == PING:
            self._send(PONG, self.buffer[body:end])
        elif opcode == CLOSE:
            self.codes.append(int.from_bytes(self.buffer[body : body + 2], "big"))
        elif opcode == TEXT:
            self.live = True
            if found := CURSOR.findall(self.buffer, max(body, end - TAIL), end):
                self.cursor = int(found[-1])

    def _send(self, opcode: int, payload: bytes) -> None:
        """Short ones, masked with zeros."""
        assert self.transport is not None
        self.transport.write(bytes((0x80 | opcode, 0x80 | len(payload))) + bytes(4) + payload)
