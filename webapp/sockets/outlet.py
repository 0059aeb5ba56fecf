"""Where the frames of one connection go: an outlet that the server's protocol offers, or the fallback of plain.py."""

from collections.abc import Callable
from typing import Protocol

from webapp.sockets.frame import Frame

EXTENSION = "tertulia.frames"
"""The key in `scope["extensions"]` under which a server offers an outlet of its own."""


class Outlet(Protocol):
    """Takes frames without waiting. None of its methods raises when the peer has gone."""

    paused: Callable[[], None] | None
    """Called when `put` becomes None."""
    resumed: Callable[[], None] | None
    """Called when the peer reads again."""

    @property
    def put(self) -> Callable[[bytes], None] | None:
        """Takes the bytes of an uncompressed frame; None while paused, when closed, or when compressed."""

    @property
    def write(self) -> Callable[[Frame], bool]:
        """Takes a frame; False, and the frame is not taken, while paused."""

    def admit(self) -> None:
        """The peer has signed in, and may send more."""

    def close(self, code: int, reason: str) -> None:
        """End the socket with this code, without waiting for the peer."""
