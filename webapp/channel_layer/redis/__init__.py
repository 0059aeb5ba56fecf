"""The channel layer over Redis pub/sub: one server, or the sharded pub/sub of a Redis Cluster."""

from .address import node_urls
from .blocking import BlockingPublisher
from .layer import RedisChannelLayer
from .topics import DEFAULT_PREFIX

__all__ = ["DEFAULT_PREFIX", "BlockingPublisher", "RedisChannelLayer", "node_urls"]
