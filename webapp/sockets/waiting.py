"""Small stand-ins for asyncio's Queue and Event, which would take 4 KiB for each socket."""

import asyncio
from typing import Any


class Inbox:
    """As asyncio.Queue without a bound, for one task that gets."""

    __slots__ = ("events", "loop", "waiter")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.events: list[Any] = []
        self.waiter: asyncio.Future[None] | None = None

    def put_nowait(self, event: Any) -> None:
        self.events.append(event)
        wake(self.waiter)

    async def get(self) -> Any:
        while not self.events:
            self.waiter = self.loop.create_future()
            try:
                await self.waiter
            finally:
                self.waiter = None
        return self.events.pop(0)

    def empty(self) -> bool:
        return not self.events


class Gate:
    """As asyncio.Event."""

    __slots__ = ("loop", "open", "waiters")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.open = False
        self.waiters: list[asyncio.Future[None]] | None = None

    def set(self) -> None:
        self.open = True
        waiters, self.waiters = self.waiters or (), None
        for waiter in waiters:
            wake(waiter)

    def clear(self) -> None:
        self.open = False

    async def wait(self) -> bool:
        while not self.open:
            waiter = self.loop.create_future()
            self.waiters = [*(self.waiters or ()), waiter]
            await waiter
        return True


def wake(waiter: "asyncio.Future[None] | None") -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
