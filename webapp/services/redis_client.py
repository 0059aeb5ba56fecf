"""Makes redis-py clients for presence and throttling, of one server or of a cluster, by the URL's scheme."""

from collections.abc import Mapping
from typing import Any

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import SSLConnection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException, RedisError

from webapp.channel_layer import node_urls

RedisClient = Redis | RedisCluster
AWAY = (RedisError, RedisClusterException, OSError)
"""What a client raises while it cannot be used."""
UNUSABLE = (ValueError, TypeError, AttributeError, *AWAY[:2])
"""What making one raises for a URL that it cannot use. Making one connects to nothing."""
PATIENCE = 2.0
"""Seconds for one call: a cluster's client asks each node in turn while none answers. TimeoutError is an OSError."""
TIMES: Mapping[str, Any] = {"socket_timeout": 1, "socket_connect_timeout": 1}


def open_client(url: str) -> RedisClient:
    """A client of REDIS_URL that is not connected yet. Raises one of UNUSABLE when it cannot use the URL."""
    if "+cluster://" not in url:
        return Redis.from_url(url, **TIMES)
    nodes, options = read_cluster(url)
    return RedisCluster(startup_nodes=nodes, **options)


def read_cluster(url: str) -> tuple[list[ClusterNode], dict[str, Any]]:
    """(the nodes that the URL names, its other options as redis-py calls them, with two attempts instead of ten)."""
    nodes = []
    options: dict[str, Any] = {}
    for each in node_urls(url):
        options = dict(parse_url(each))
        nodes.append(ClusterNode(options.pop("host", "localhost"), options.pop("port", 6379)))
    options["ssl"] = options.pop("connection_class", None) is SSLConnection
    return nodes, {**options, **TIMES, "retry": Retry(NoBackoff(), 2)}
