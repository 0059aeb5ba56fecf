"""A WebSocket frame that is encoded once and sent to any number of sockets (RFC 6455, section 5.2)."""

import zlib
from functools import cached_property

TEXT = 0x81  # FIN, opcode 1
COMPRESSED = 0x40  # RSV1
LEVEL, WINDOW_BITS, MEMORY_LEVEL = 6, 12, 5


class Frame:
    """One text message from the server, as one frame. `len` is its length in bytes, uncompressed."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def plain(self) -> bytes:
        payload = self.text.encode()
        return header(len(payload)) + payload

    @cached_property
    def deflated(self) -> bytes:
        """Compressed without context takeover (RFC 7692), so that the same bytes suit every socket that compresses."""
        packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -WINDOW_BITS, MEMORY_LEVEL)
        payload = (packer.compress(self.text.encode()) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
        packed = header(len(payload))
        return bytes((packed[0] | COMPRESSED,)) + packed[1:] + payload

    def __len__(self) -> int:
        return len(self.plain)


def header(length: int) -> bytes:
    """Of an unmasked text frame whose payload has this length."""
    if length < 126:
        return bytes((TEXT, length))
    if length < 65_536:
        return bytes((TEXT, 126)) + length.to_bytes(2, "big")
    return bytes((TEXT, 127)) + length.to_bytes(8, "big")
