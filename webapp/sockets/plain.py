"""A door for servers that have none of ours: the same bytes cannot be shared, but nobody waits for anybody either."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any

from webapp.sockets.frame import Frame

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Rest(Awaitable[None]):
    """What is left of a coroutine that was begun by hand and waits for `first`."""

    def __init__(self, coroutine: Coroutine[Any, Any, None], first: Any) -> None:
        self.coroutine = coroutine
        self.first = first

    def __await__(self) -> Generator[Any, Any, None]:
        waits_for = self.first
        while True:
            yield waits_for
            try:
                waits_for = self.coroutine.send(None)
            except StopIteration:
                return


class PlainDoor:
    """What `protocol.FrameDoor` is, by the ordinary `websocket.send`."""

    put = None

    __slots__ = ("busy", "paused", "resumed", "send")

    def __init__(self, send: Send) -> None:
        self.send = send
        self.paused: Callable[[], None] | None = None
        self.resumed: Callable[[], None] | None = None
        self.busy: asyncio.Task[None] | None = None

    def write(self, frame: Frame) -> bool:
        """Begun by hand, a send to a peer that reads ends at once, without a task; one that has to wait gets one."""
        if self.busy is not None:
            return False
        sending: Any = self.send({"type": "websocket.send", "text": frame.text})
        try:
            first = sending.send(None)
        except StopIteration:
            return True
        except Exception:  # noqa: BLE001 - each server has its own error for a peer that has gone; `receive` tells it too
            return True
        self.busy = asyncio.ensure_future(self._finish(Rest(sending, first)))
        return True

    async def _finish(self, rest: Awaitable[None]) -> None:
        try:
            await rest
        except Exception:  # noqa: BLE001
            return
        self.busy = None
        if self.resumed is not None:
            self.resumed()

    def admit(self) -> None:
        """How much a peer may send is then the server's own affair."""

    def close(self, code: int, reason: str) -> None:
        """As soon as the peer has read what was begun; one that never does is found by its pings."""
        before, self.busy = self.busy, None
        self.busy = asyncio.ensure_future(
            self._close(before, {"type": "websocket.close", "code": code, "reason": reason})
        )

    async def _close(self, before: asyncio.Task[None] | None, event: dict[str, Any]) -> None:
        try:
            if before is not None:
                await before
            await self.send(event)
        except Exception:  # noqa: BLE001
            return
