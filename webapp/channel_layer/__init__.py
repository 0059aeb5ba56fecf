"""Events from one process to all: Django Channels' own API on two back ends.

    layer = open_channel_layer("memory://")            one process, nothing else installed
    layer = open_channel_layer("redis://host:6379/0")  as many processes as wanted
    layer = open_channel_layer("redis+cluster://host:6379")  the same, by sharded pub/sub

What is promised, and what is not, stands in `base.py`. This package knows no chat.
"""

import time
from collections.abc import Callable, Sequence

from webapp.channel_layer.base import ChannelLayer, Watcher
from webapp.channel_layer.errors import (
    ChannelClosed,
    ChannelFull,
    ChannelLayerError,
    LayerClosed,
    LayerUnavailable,
    WrongLoop,
)
from webapp.channel_layer.memory import MemoryChannelLayer
from webapp.channel_layer.messages import Message, method_name
from webapp.channel_layer.redis import RedisChannelLayer
from webapp.channel_layer.redis_connection import node_urls
from webapp.channel_layer.signing import Signer
from webapp.channel_layer.sparse_log import SparseLog

__all__ = [
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
    "Watcher",
    "WrongLoop",
    "method_name",
    "node_urls",
    "open_channel_layer",
]

REDIS_SCHEMES = ("redis://", "rediss://", "unix://", "redis+cluster://", "rediss+cluster://")


def open_channel_layer(
    url: str,
    capacity: int = 100,
    expiry: float = 60,
    *,
    prefix: str = "tertulia",
    keys: Sequence[bytes] = (),
    clock: Callable[[], float] = time.monotonic,
) -> ChannelLayer:
    """The layer that `url` names: `memory://`, or `redis://`, `rediss://`, `unix://` as redis-py reads them, or
    `redis+cluster://`, `rediss+cluster://` with one host of a Redis Cluster (7.0 or later) or several between commas.

    `capacity` is in messages per channel, `expiry` in seconds; `clock` gives seconds and is there for tests.
    `prefix` begins every name on the server: two layers hear each other if they have the same. `keys`, of 1 to 64 bytes
    each, sign what goes over the server: the first one signs, all are accepted. In memory nothing needs either.
    Nothing is connected yet, so an absent Redis raises nothing here. ValueError: the URL cannot be understood.
    """
    if url == "memory://":
        return MemoryChannelLayer(capacity, expiry, clock=clock)
    if url.startswith(REDIS_SCHEMES):
        return RedisChannelLayer(url, capacity, expiry, prefix=prefix, keys=keys, clock=clock)
    raise ValueError(f"the URL of a channel layer is memory://, or begins with {', '.join(REDIS_SCHEMES)}")
