"""What waits for the reader of one channel."""

import asyncio
from collections import deque
from collections.abc import Callable
from math import inf


class Mailbox:
    """At most `capacity` payloads, oldest first, for one reader.

    `groups` are the names of the groups its channel is in; `dropped` counts what it was too full to take.
    """

    __slots__ = ("_capacity", "_clock", "_closed", "_earliest_expiry", "_entries", "_waiter", "dropped", "groups")

    def __init__(self, capacity: int, clock: Callable[[], float]) -> None:
        self.groups: set[str] = set()
        self.dropped = 0
        self._capacity = capacity
        self._clock = clock
        self._entries: deque[tuple[bytes, float]] = deque()
        self._earliest_expiry = inf
        self._waiter: asyncio.Future[None] | None = None
        self._closed: Exception | None = None

    def offer(self, payload: bytes, expires: float = inf) -> bool:
        """False if it is full. `expires` is in seconds of the clock."""
        if len(self._entries) >= self._capacity:
            self._forget_expired()
        if len(self._entries) >= self._capacity:
            self.dropped += 1
            return False
        self._entries.append((payload, expires))
        self._earliest_expiry = min(self._earliest_expiry, expires)
        self._wake()
        return True

    async def take(self) -> bytes:
        """The next payload. Taken and returned in one step of the loop, so a cancelled reader leaves it here."""
        while True:
            if self._closed is not None:
                raise self._closed
            payload = self._next()
            if payload is not None:
                return payload
            await self._arrival()

    def clear(self) -> None:
        """Frees what waits."""
        self._entries.clear()
        self._earliest_expiry = inf

    def close(self, error: Exception) -> None:
        """Ends it: the waiting reader, and every later one, gets `error`."""
        self._closed = error
        self.clear()
        self._wake()

    def _next(self) -> bytes | None:
        while self._entries:
            payload, expires = self._entries.popleft()
            if expires == inf or expires > self._clock():
                return payload
        return None

    async def _arrival(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            raise RuntimeError("a channel has one reader at a time")
        waiter = self._waiter = asyncio.get_running_loop().create_future()
        try:
            await waiter
        finally:
            # A reader that was cancelled may be cleaned up after the next one has begun to wait.
            if self._waiter is waiter:
                self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _forget_expired(self) -> None:
        """Never later than `_earliest_expiry` does anything expire: a burst into a full channel scans it once."""
        now = self._clock()
        if now < self._earliest_expiry:
            return
        self._entries = deque(entry for entry in self._entries if entry[1] > now)
        self._earliest_expiry = min((expires for _, expires in self._entries), default=inf)
