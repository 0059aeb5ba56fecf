"""websockets' parser with bounds on what a peer may send: frames, fragments of a message, bytes of a handshake line.

Parsing costs the same for an empty frame, so frames are counted in the parser: the first one over a bound ends the
connection, and bytes that came after it are not parsed.
"""

import time
from collections.abc import Generator, Sequence
from typing import Any

from websockets.exceptions import ProtocolError
from websockets.extensions.base import ServerExtensionFactory
from websockets.frames import CloseCode, Frame, Opcode
from websockets.server import ServerProtocol
from websockets.streams import StreamReader

from webapp.settings import Limits


class LongLines(StreamReader):
    """Takes header lines up to MAX_HEAD; websockets' own bound of 8 KiB is less than two large cookies."""

    longest: int

    def read_line(self, m: int, *error: type[Exception]) -> Generator[None, None, bytearray]:
        return super().read_line(self.longest, *error)


class BoundedFrames(ServerProtocol):
    """`over` names the bound that was passed, for the log; None while none was."""

    # Slots: with more attributes the instance's dict is no longer shared, which costs 1.4 KiB for each socket.
    __slots__ = ("admitted", "counting_since", "fragments", "frames_left", "limits", "over")

    def __init__(
        self, limits: Limits, extensions: Sequence[ServerExtensionFactory], max_size: int, logger: Any
    ) -> None:
        super().__init__(extensions=extensions, max_size=max_size, logger=logger)
        self.limits = limits
        self.over: str | None = None
        self.admitted = False
        self.frames_left = limits.stranger_frames
        self.counting_since = 0.0
        self.fragments = 0
        self.reader = LongLines()
        self.reader.longest = limits.head
        self.parser = self.parse()  # the one that the library has begun uses the reader that was replaced
        next(self.parser)

    def admit(self) -> None:
        """The peer has signed in: from now on frames are counted in windows of time, not over the whole connection."""
        self.admitted = True
        self._count_again()

    def recv_frame(self, frame: Frame) -> None:
        self.frames_left -= 1
        if self.frames_left < 0 and not self._may_count_again():
            self._end(CloseCode.POLICY_VIOLATION, "too many frames")
        if frame.opcode is Opcode.CONT:
            self.fragments += 1
            if self.fragments >= self.limits.fragments:
                self._end(CloseCode.MESSAGE_TOO_BIG, "too many fragments")
        elif frame.opcode is Opcode.TEXT or frame.opcode is Opcode.BINARY:
            self.fragments = 0
        super().recv_frame(frame)

    def _may_count_again(self) -> bool:
        if not self.admitted or time.monotonic() - self.counting_since < self.limits.frames_seconds:
            return False
        self._count_again()
        return True

    def _count_again(self) -> None:
        self.counting_since = time.monotonic()
        self.frames_left = self.limits.frames - 1

    def _end(self, code: CloseCode, reason: str) -> None:
        """Close with this code, and stop the parser. Raises ProtocolError."""
        self.over = reason
        self.fail(code, reason)
        raise ProtocolError(reason)
