"""What waits for the reader of one channel."""

import asyncio
from collections import deque
from collections.abc import Callable
from enum import Enum
from math import inf

MAX_CHANNEL_BYTES = 8 << 20
"""Of the payloads that wait in one channel: `capacity` bounds their number, this their weight."""
HALF_OF_THE_BYTES = MAX_CHANNEL_BYTES // 2


class Offer(Enum):
    """What became of a payload. CROWDED: taken, and now the mailbox is half full or more."""

    REFUSED = 0
    TAKEN = 1
    CROWDED = 2


REFUSED, TAKEN, CROWDED = Offer.REFUSED, Offer.TAKEN, Offer.CROWDED


class Mailbox:
    """At most `capacity` payloads and MAX_CHANNEL_BYTES, oldest first, for one reader.

    `groups` are the names of the groups its channel is in; `dropped` counts what it was too full to take.
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
        """`expires` is in seconds of the clock."""
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
        """The next payload, None if there is none yet. Raises what `close` was given."""
        if self._closed is not None:
            raise self._closed
        while self._entries:
            payload, expires = self._entries.popleft()
            self._weight -= len(payload)
            if expires == inf or expires > self._clock():
                return payload
        return None

    async def arrival(self) -> None:
        """Until there may be something to take. It is not taken here, so a cancelled reader loses nothing."""
        if self._waiter is not None and not self._waiter.done():
            raise RuntimeError("a channel has one reader at a time")
        waiter = self._waiter = asyncio.get_running_loop().create_future()
        try:
            await waiter
        finally:
            # A reader that was cancelled may be cleaned up after the next one has begun to wait.
            if self._waiter is waiter:
                self._waiter = None

    def clear(self) -> None:
        """Frees what waits."""
        self._entries.clear()
        self._weight = 0
        self._earliest_expiry = inf

    def close(self, error: Exception) -> None:
        """Ends it: the waiting reader, and every later one, gets `error`."""
        self._closed = error
        self.clear()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _forget_expired(self) -> bool:
        """Whether there were any. Never later than `_earliest_expiry` does anything expire: a burst into a full channel
        scans it once."""
        now = self._clock()
        if now < self._earliest_expiry:
            return False
        before = len(self._entries)
        self._entries = deque(entry for entry in self._entries if entry[1] > now)
        self._weight = sum(len(payload) for payload, _ in self._entries)
        self._earliest_expiry = min((expires for _, expires in self._entries), default=inf)
        return len(self._entries) < before
