"""One open socket, as the hub sees it: frames go in at once, or into a bounded backlog while the peer is slow."""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Any

from webapp.settings import Limits
from webapp.sockets.frame import Frame
from webapp.sockets.protocol import EXTENSION, FrameDoor

AGAIN_LATER = 1013


class Connection:
    """Writes never wait. `write` after `close` does nothing."""

    __slots__ = ("backlog", "backlog_bytes", "closed", "door", "draining", "limits", "push", "send")

    def __init__(self, scope: Any, send: Any, limits: Limits) -> None:
        self.send = send
        self.limits = limits
        self.door: FrameDoor | None = scope.get("extensions", {}).get(EXTENSION)
        self.backlog: deque[Frame] | None = None
        self.backlog_bytes = 0
        self.draining: asyncio.Task[None] | None = None
        self.closed = False
        self.push = self.door.write if self.door is not None else None
        if self.door is not None:
            self.door.resumed = self.resume

    @staticmethod
    def write_all(connections: "Iterable[Connection]", frame: Frame) -> None:
        """The fan-out: the same bytes to each, without a call more than the transport needs."""
        payload = frame.bytes
        for connection in connections:
            if connection.backlog is not None or connection.push is None or not connection.push(payload):
                connection.write(frame)

    def write(self, frame: Frame) -> None:
        """Send, or keep for later; a backlog over its limit closes the socket, whose reader catches up on return."""
        if self.closed:
            return
        if self.backlog is None and self.push is not None and self.push(frame.bytes):
            return
        self._keep(frame)
        if self.door is None and self.draining is None and not self.closed:
            self.draining = asyncio.ensure_future(self._drain())

    def close(self, code: int, reason: str = "") -> None:
        """Close with this code, without waiting for the peer."""
        if self.closed:
            return
        self.closed = True
        self._forget()
        if self.door is not None:
            self.door.close(code, reason)
        else:
            if self.draining is not None:
                self.draining.cancel()
            self.draining = asyncio.ensure_future(self._close(code, reason))

    def lost(self) -> None:
        """The peer has gone."""
        self.closed = True
        self._forget()
        if self.draining is not None:
            self.draining.cancel()
        if self.door is not None:
            self.door.resumed = None

    def resume(self) -> None:
        while self.backlog and self.door is not None and self.door.write(self.backlog[0].bytes):
            self.backlog_bytes -= len(self.backlog.popleft())
        if not self.backlog:
            self._forget()

    def _keep(self, frame: Frame) -> None:
        self.backlog = deque() if self.backlog is None else self.backlog
        self.backlog.append(frame)
        self.backlog_bytes += len(frame)
        if len(self.backlog) > self.limits.backlog_frames or self.backlog_bytes > self.limits.backlog_bytes:
            self.close(AGAIN_LATER, "too slow")

    def _forget(self) -> None:
        self.backlog = None
        self.backlog_bytes = 0

    async def _drain(self) -> None:
        """For servers without our extension."""
        try:
            while self.backlog:
                await self.send({"type": "websocket.send", "text": self.backlog[0].text})
                if self.backlog:
                    self.backlog_bytes -= len(self.backlog.popleft())
        except Exception:  # noqa: BLE001 - each server has its own error for a peer that has gone
            self.closed = True
        self._forget()
        self.draining = None

    async def _close(self, code: int, reason: str) -> None:
        try:
            await self.send({"type": "websocket.close", "code": code, "reason": reason})
        except Exception:  # noqa: BLE001
            self.closed = True
