"""Events between processes: Django Channels' API on asyncio, with two back ends.

    layer = open_channel_layer("memory://")                  one process, no server
    layer = open_channel_layer("redis://host:6379/0")        any number of processes, one Redis server
    layer = open_channel_layer("redis+cluster://host:6379")  the same over a Redis Cluster's sharded pub/sub

`base.py` has the contract, README.md the four ways to use it. The package imports only itself, the standard library and
redis-py, so a copy of the folder works under any name.
"""

import time
from collections.abc import Callable, Sequence

from .base import ChannelLayer, Subscription, Watcher
from .errors import (
    ChannelClosed,
    ChannelFull,
    ChannelLayerError,
    LayerClosed,
    LayerUnavailable,
    WrongLoop,
)
from .memory import MemoryChannelLayer
from .messages import Message, method_name
from .redis import DEFAULT_PREFIX, BlockingPublisher, RedisChannelLayer, node_urls
from .signing import Signer
from .sparse_log import SparseLog

__all__ = [
    "DEFAULT_PREFIX",
    "BlockingPublisher",
    "ChannelClosed",
    "ChannelFull",
    "ChannelLayer",
    "ChannelLayerError",
    "LayerClosed",
    "LayerUnavailable",
    "MemoryChannelLayer",
    "Message",
    "RedisChannelLayer",
    "Signer",
    "SparseLog",
    "Subscription",
    "Watcher",
    "WrongLoop",
    "method_name",
    "node_urls",
    "open_channel_layer",
    "open_publisher",
]

REDIS_SCHEMES = ("redis://", "rediss://", "unix://", "redis+cluster://", "rediss+cluster://")


def open_channel_layer(
    url: str,
    capacity: int = 100,
    expiry: float = 60,
    *,
    prefix: str = DEFAULT_PREFIX,
    keys: Sequence[bytes] = (),
    clock: Callable[[], float] = time.monotonic,
) -> ChannelLayer:
    """The layer for `url`: `memory://`, or `redis://`, `rediss://`, `unix://` as redis-py reads them, or
    `redis+cluster://`, `rediss+cluster://` with one or several hosts of a Redis Cluster (7.0 or later),
    comma-separated.

    `capacity` is in messages per channel, `expiry` in seconds; `clock` returns seconds and exists for tests.
    `prefix` starts every pub/sub channel name on the server: layers with the same prefix hear each other. `keys` (1 to
    64 bytes each) sign what is published: the first signs, all are accepted. The memory layer ignores both.

    Nothing is connected yet, so an unreachable Redis raises nothing here. ValueError: the URL, a key, `capacity` or
    `expiry` is unusable. TypeError: the prefix is not a valid name.
    """
    if url == "memory://":
        return MemoryChannelLayer(capacity, expiry, clock=clock)
    check_scheme(url)
    return RedisChannelLayer(url, capacity, expiry, prefix=prefix, keys=keys, clock=clock)


def open_publisher(
    url: str, *, prefix: str = DEFAULT_PREFIX, keys: Sequence[bytes] = (), timeout: float = 1.0
) -> BlockingPublisher:
    """A publisher for synchronous code (scripts, cron jobs, threads) to the Redis layers with this `url`, `prefix` and
    `keys`; arguments as for `open_channel_layer`.

    Nothing is connected yet. ValueError: the URL, a key or `timeout` is unusable, or the URL is `memory://`, which
    nothing outside its own event loop can reach. TypeError: the prefix is not a valid name.
    """
    if url == "memory://":
        raise ValueError(
            "memory:// cannot be published to from outside: its channels live in one process and event loop, "
            "where layer.group_send is called; a publisher needs a Redis URL"
        )
    check_scheme(url)
    return BlockingPublisher(url, prefix=prefix, keys=keys, timeout=timeout)


def check_scheme(url: str) -> None:
    """ValueError unless `url` has a Redis scheme."""
    if not url.startswith(REDIS_SCHEMES):
        raise ValueError(f"the URL of a channel layer is memory://, or begins with {', '.join(REDIS_SCHEMES)}")
