"""A fragment as it travels: rendered once, framed once, the same bytes for every socket (RFC 6455, section 5.2)."""

from functools import cached_property

TEXT = 0x81  # FIN, opcode 1


class Frame:
    """One whole text message of a server."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def bytes(self) -> bytes:
        payload = self.text.encode()
        return header(len(payload)) + payload

    def __len__(self) -> int:
        return len(self.bytes)


def header(length: int) -> bytes:
    if length < 126:
        return bytes((TEXT, length))
    if length < 65_536:
        return bytes((TEXT, 126)) + length.to_bytes(2, "big")
    return bytes((TEXT, 127)) + length.to_bytes(8, "big")
