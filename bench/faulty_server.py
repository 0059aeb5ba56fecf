"""A WebSocket server that drops, doubles, swaps, closes, pings, delays or compresses in known ways, for selftest.py."""

import asyncio
import base64
import hashlib
import re
from dataclasses import dataclass, field

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
ECHO = b"hello"


def frame(opcode, data, fin=True, compressed=False):
    """One frame of a server (RFC 6455, section 5.2)."""
    first = (0x80 if fin else 0) | (0x40 if compressed else 0) | opcode
    length = len(data)
    if length < 126:
        head = bytes((first, length))
    elif length < 65_536:
        head = bytes((first, 126)) + length.to_bytes(2, "big")
    else:
        head = bytes((first, 127)) + length.to_bytes(8, "big")
    return head + data


@dataclass(eq=False)
class Peer:
    """One connection: its number, where its frames go, and what was held back to come after the next one."""

    number: int
    writer: asyncio.StreamWriter
    held: list[bytes] = field(default_factory=list)


class Server:
    """`fault(peer, message)` names what happens to a message for a connection, by their numbers; "ok": nothing."""

    def __init__(self, fault, encode=None, delay=0.0, deflate=False):
        self.fault = fault
        self.encode = encode or (lambda _number, text: frame(TEXT, text.encode()))
        self.delay = delay
        self.deflate = deflate
        self.peers = []
        self.handshakes = []
        self.messages = self.pongs = 0

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.handle, "127.0.0.1", 0, backlog=1000)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.server.close()
        for peer in self.peers:
            peer.writer.close()

    async def broadcast(self, text):
        if self.delay:
            await asyncio.sleep(self.delay)
        message, self.messages = self.messages, self.messages + 1
        for peer in tuple(self.peers):
            self.send(peer, self.encode(peer.number, text), self.fault(peer.number, message))

    def send(self, peer, data, fault):
        if fault == "drop":
            return
        if fault == "swap" and not peer.held:
            peer.held.append(data)
            return
        after = {"dup": data, "ping": frame(PING, ECHO), "close": frame(CLOSE, (1008).to_bytes(2, "big"))}
        peer.writer.write(data + after.get(fault, b"") + b"".join(peer.held))
        peer.held.clear()
        if fault == "close":
            self.peers.remove(peer)

    async def handle(self, reader, writer):
        """One connection, of posts or of a socket."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            if head.startswith("POST"):
                await self.take_posts(head, reader, writer)
            self.shake_hands(head, writer)
            self.peers.append(Peer(len(self.handshakes) - 1, writer))
            await self.take_frames(reader)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self.peers = [peer for peer in self.peers if peer.writer is not writer]

    async def take_posts(self, head, reader, writer):
        while True:
            length = int(re.search(r"content-length: (\d+)", head, re.IGNORECASE)[1])
            await self.broadcast((await reader.readexactly(length)).decode())
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            head = (await reader.readuntil(b"\r\n\r\n")).decode()

    def shake_hands(self, head, writer):
        self.handshakes.append(head)
        key = re.search(r"sec-websocket-key: (\S+)", head, re.IGNORECASE)[1]
        accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        lines = ["HTTP/1.1 101 S", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept}"]
        if self.deflate:
            lines.append("Sec-WebSocket-Extensions: permessage-deflate")
        writer.write("".join(f"{line}\r\n" for line in [*lines, ""]).encode())

    async def take_frames(self, reader):
        while True:
            first, second = await reader.readexactly(2)
            assert second & 0x80, "client frames must be masked"
            length = second & 127
            if length == 126:
                length = int.from_bytes(await reader.readexactly(2), "big")
            mask = await reader.readexactly(4)
            data = bytes(each ^ mask[at & 3] for at, each in enumerate(await reader.readexactly(length)))
            if first & 15 == TEXT:
                await self.broadcast(data.decode())
            elif first & 15 == PONG:
                assert data == ECHO
                self.pongs += 1
            elif first & 15 == CLOSE:
                return
