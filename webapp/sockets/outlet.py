"""Where the frames of one connection go: what a server's protocol offers, or what stands in for it."""

from collections.abc import Callable
from typing import Protocol

from webapp.sockets.frame import Frame

EXTENSION = "tertulia.frames"
"""The key in `scope["extensions"]` by which a server offers an outlet of its own."""


class Outlet(Protocol):
    """`write` is False while no frame is taken; `put` takes a plain one's bytes, None while it would not.

    `paused` is called when `put` becomes None, `resumed` when the peer reads again. `admit` says that the peer has
    signed in, and may send more.
    """

    paused: Callable[[], None] | None
    resumed: Callable[[], None] | None

    @property
    def put(self) -> Callable[[bytes], None] | None: ...
    @property
    def write(self) -> Callable[[Frame], bool]: ...
    def admit(self) -> None: ...
    def close(self, code: int, reason: str) -> None: ...
