"""The unread messages of one channel."""

import asyncio
from collections import deque
from collections.abc import Callable
from enum import Enum
from math import inf

MAX_CHANNEL_BYTES = 8 << 20
"""Limit for the unread payloads of one channel together; `capacity` limits their number."""
HALF_OF_THE_BYTES = MAX_CHANNEL_BYTES // 2


class Offer(Enum):
    """The result of `offer`. CROWDED: taken, and the mailbox is now at least half full."""

    REFUSED = 0
    TAKEN = 1
    CROWDED = 2


REFUSED, TAKEN, CROWDED = Offer.REFUSED, Offer.TAKEN, Offer.CROWDED


class Mailbox:
    """A queue of at most `capacity` payloads and MAX_CHANNEL_BYTES, for one reader.

    `groups` are the names of the channel's groups; `dropped` counts the payloads that were refused because it was full.
    """

    __slots__ = (
        "_capacity",
        "_clock",
        "_closed",
        "_earliest_expiry",
        "_entries",
        "_half",
        "_waiter",
        "_weight",
        "dropped",
        "groups",
    )

    def __init__(self, capacity: int, clock: Callable[[], float]) -> None:
        self.groups: set[str] = set()
        self.dropped = 0
        self._capacity = capacity
        self._half = (capacity + 1) // 2
        self._clock = clock
        self._entries: deque[tuple[bytes, float]] = deque()
        self._weight = 0
        self._earliest_expiry = inf
        self._waiter: asyncio.Future[None] | None = None
        self._closed: Exception | None = None

    def offer(self, payload: bytes, expires: float = inf) -> Offer:
        """Appends a payload unless the mailbox is full. `expires` is a time of the mailbox's clock."""
        waiting, weight = len(self._entries) + 1, self._weight + len(payload)
        if waiting > self._capacity or weight > MAX_CHANNEL_BYTES:
            if not self._forget_expired():
                self.dropped += 1
                return REFUSED
            return self.offer(payload, expires)
        self._entries.append((payload, expires))
        self._weight = weight
        if expires < self._earliest_expiry:
            self._earliest_expiry = expires
        if self._waiter is not None:
            self._wake()
        return CROWDED if waiting >= self._half or weight >= HALF_OF_THE_BYTES else TAKEN

    def take(self) -> bytes | None:
        """Removes and returns the oldest payload that has not expired, None if there is none. Raises the error given to
        `close`."""
        if self._closed is not None:
            raise self._closed
        while self._entries:
            payload, expires = self._entries.popleft()
            self._weight -= len(payload)
            if expires == inf or expires > self._clock():
                return payload
        return None

    async def arrival(self) -> None:
        """Waits until there may be a payload. Does not remove it, so a cancelled reader loses nothing. RuntimeError:
        another reader is waiting."""
        if self._waiter is not None and not self._waiter.done():
            raise RuntimeError("a channel has one reader at a time")
        waiter = self._waiter = asyncio.get_running_loop().create_future()
        try:
            await waiter
        finally:
            # A cancelled reader may get here after the next one has started to wait.
            if self._waiter is waiter:
                self._waiter = None

    def clear(self) -> None:
        """Deletes all payloads."""
        self._entries.clear()
        self._weight = 0
        self._earliest_expiry = inf

    def close(self, error: Exception) -> None:
        """Deletes all payloads; the waiting reader and every later one raise `error`."""
        self._closed = error
        self.clear()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _forget_expired(self) -> bool:
        """Returns whether there were any. Nothing expires before `_earliest_expiry`, so a burst into a full mailbox
        scans it once, not once per payload."""
        now = self._clock()
        if now < self._earliest_expiry:
            return False
        before = len(self._entries)
        self._entries = deque(entry for entry in self._entries if entry[1] > now)
        self._weight = sum(len(payload) for payload, _ in self._entries)
        self._earliest_expiry = min((expires for _, expires in self._entries), default=inf)
        return len(self._entries) < before
