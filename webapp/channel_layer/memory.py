"""The channel layer of a single process: no server, no task."""

import asyncio
import time
from collections.abc import Callable

from .base import ChannelLayer, Watcher
from .local import LocalChannels
from .messages import Message, check_name, encode


class MemoryChannelLayer(ChannelLayer):
    """The whole contract within one process. Messages are encoded once and decoded per receiver: for small dicts that
    is cheaper than `copy.deepcopy` from the first copy on, and it refuses what the Redis layer would refuse.

    ValueError: `capacity` is below 1, or `expiry` not above 0.
    """

    def __init__(self, capacity: int = 100, expiry: float = 60, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.capacity = capacity
        self.expiry = expiry
        self._local = LocalChannels(capacity, expiry, clock)

    @property
    def connected(self) -> bool:
        return not self._local.closed

    @property
    def problem(self) -> str | None:
        return None

    def watch(self, watcher: Watcher) -> None:
        """Never calls `watcher`: there is no connection to lose."""

    async def new_channel(self, prefix: str = "specific") -> str:
        return self._local.open(prefix)

    async def close_channel(self, channel: str) -> None:
        self._local.forget(channel)

    async def send(self, channel: str, message: Message) -> None:
        check_name(channel)
        self._local.enter()
        if self._local.put(channel, encode(message)):
            await asyncio.sleep(0)

    async def receive(self, channel: str) -> Message:
        return await self._local.receive(channel)

    def dropped(self, channel: str) -> int:
        return self._local.mailbox(channel).dropped

    async def group_add(self, group: str, channel: str) -> None:
        self._local.join(group, channel)

    async def group_discard(self, group: str, channel: str) -> None:
        self._local.leave(group, channel)

    async def group_send(self, group: str, message: Message) -> None:
        self._local.enter()
        if self._local.deliver(group, encode(message)):
            await asyncio.sleep(0)

    async def flush(self) -> None:
        self._local.clear()

    async def close(self) -> None:
        self._local.close()
