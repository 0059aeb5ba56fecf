"""The `async def` handlers of one consumer, one after another."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Coroutine
from typing import Any

log = logging.getLogger("tertulia.sockets")


class Turns:
    """At most MOST calls wait; each ends before the next begins, and a failed one is logged."""

    MOST = 100
    __slots__ = ("running", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[Coroutine[Any, Any, None]] = deque()
        self.running: asyncio.Task[None] | None = None

    def add(self, call: Coroutine[Any, Any, None]) -> bool:
        """Run it when those before it have ended; False, and it is never run, when too many wait already."""
        if len(self.waiting) >= self.MOST:
            call.close()
            return False
        self.waiting.append(call)
        if self.running is None:
            self.running = asyncio.create_task(self._run())
        return True

    async def _run(self) -> None:
        while self.waiting:
            await self._one(self.waiting.popleft())
        self.running = None

    async def _one(self, call: Awaitable[None]) -> None:
        try:
            await call
        except Exception:  # the next call is not this one's affair
            log.exception("an event's handler failed")

    def cancel(self) -> None:
        """Neither the running call nor the waiting ones go on."""
        if self.running is not None:
            self.running.cancel()
        for call in self.waiting:
            call.close()
        self.waiting.clear()
