"""One open socket, as the hub sees it: frames go in at once, or into a bounded backlog while the peer is slow."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from webapp.settings import Limits
from webapp.sockets.codes import Close
from webapp.sockets.frame import Frame
from webapp.sockets.outlet import EXTENSION, Outlet
from webapp.sockets.plain import PlainOutlet


class Connection:
    """Writes never wait. `write` after `close` does nothing.

    `put` is the transport's own method while a plain frame may go there at once, None while `write` has to look.
    """

    __slots__ = ("backlog", "backlog_bytes", "closed", "limits", "outlet", "push", "put")

    def __init__(self, scope: Any, send: Any, limits: Limits) -> None:
        self.limits = limits
        self.outlet: Outlet = scope.get("extensions", {}).get(EXTENSION) or PlainOutlet(send)
        self.outlet.paused = self.pause
        self.outlet.resumed = self.resume
        self.push = self.outlet.write
        self.put: Callable[[bytes], None] | None = self.outlet.put
        self.backlog: deque[Frame] | None = None
        self.backlog_bytes = 0
        self.closed = False

    @staticmethod
    def write_all(connections: "Iterable[Connection]", frame: Frame) -> None:
        """The fan-out: the same frame to each, without a call more than the transport needs."""
        data = frame.plain
        for connection in connections:
            if (put := connection.put) is not None:
                put(data)
            else:
                connection.write(frame)

    def write(self, frame: Frame) -> None:
        """Send, or keep for later; a backlog over its limit closes the socket, whose reader catches up on return."""
        if self.closed or (self.backlog is None and self.push(frame)):
            return
        self.backlog = deque() if self.backlog is None else self.backlog
        self.backlog.append(frame)
        self.backlog_bytes += len(frame)
        if len(self.backlog) > self.limits.backlog_frames or self.backlog_bytes > self.limits.backlog_bytes:
            self.close(Close.AGAIN_LATER, "too slow")

    def admit(self) -> None:
        """The peer has signed in."""
        self.outlet.admit()

    def pause(self) -> None:
        self.put = None

    def resume(self) -> None:
        """The peer reads again: give it what was kept."""
        while self.backlog and self.push(self.backlog[0]):
            self.backlog_bytes -= len(self.backlog.popleft())
        if not self.backlog:
            self._forget()
            self.put = None if self.closed else self.outlet.put

    def close(self, code: int, reason: str = "") -> None:
        """Close with this code, without waiting for the peer."""
        if not self.closed:
            self.closed = True
            self.put = None
            self._forget()
            self.outlet.close(code, reason)

    def lost(self) -> None:
        """The peer has gone."""
        self.closed = True
        self.put = None
        self._forget()
        self.outlet.paused = self.outlet.resumed = None

    def _forget(self) -> None:
        self.backlog = None
        self.backlog_bytes = 0
