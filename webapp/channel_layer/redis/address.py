"""Redis URLs: what they say, in redis-py's words."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from redis.asyncio.connection import parse_url

Node = tuple[str, int]
"""Host and port."""
Parser = Callable[[str], Mapping[str, Any]]
"""redis-py's own `parse_url`: its asyncio and its blocking version differ in the connection classes they name."""


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """`options` are arguments of a redis-py connection; `seeds` are a cluster's nodes that the URL names."""

    options: dict[str, Any]
    seeds: tuple[Node, ...]
    cluster: bool


def read_url(url: str, parse: Parser = parse_url) -> RedisAddress:
    """`redis://`, `rediss://` and `unix://` as redis-py reads them; `redis+cluster://` and `rediss+cluster://` with one
    or several hosts, comma-separated. ValueError: it cannot be understood."""
    kind, _, cluster = url.partition("://")[0].partition("+")
    if cluster not in ("", "cluster") or (cluster and kind == "unix"):
        raise ValueError("the scheme of the Redis URL is not known")
    if not cluster:
        return RedisAddress(redis_options(url, parse), (), cluster=False)
    every = [redis_options(each, parse) for each in node_urls(url)]
    if any(options.get("db") for options in every):
        raise ValueError("a Redis Cluster has one database, 0: the Redis URL names another")
    seeds = tuple((str(options.get("host", "localhost")), int(options.get("port", 6379))) for options in every)
    return RedisAddress(every[0], seeds, cluster=True)


def node_urls(url: str) -> list[str]:
    """One `redis://` or `rediss://` URL for each node in a cluster's URL; password, path and query are repeated in
    each. ValueError: a host is missing."""
    scheme, _, rest = url.partition("+cluster://")
    place = re.split("[/?]", rest, maxsplit=1)[0]
    secret, at, hosts = place.rpartition("@")
    every = hosts.split(",")
    if not all(every):
        raise ValueError("the Redis URL has a comma with no host beside it, or no host at all")
    return [f"{scheme}://{secret}{at}{host}{rest[len(place) :]}" for host in every]


def redis_options(url: str, parse: Parser) -> dict[str, Any]:
    """The URL's options, overridden by our own wire settings. ValueError: it cannot be understood."""
    try:
        if "#" in url:  # parse_url would silently ignore everything after it
            raise ValueError
        options: dict[str, Any] = dict(parse(url))
    except ValueError:
        # The reason is not passed on: it may quote part of a password as an invalid port.
        raise ValueError("the Redis URL cannot be understood (are special characters percent-encoded?)") from None
    options.pop("max_connections", None)
    # RESP2 keeps pub/sub replies plain lists on every server since Redis 2.8. No socket_timeout: asyncio would need a
    # task per write, and every exchange has a deadline anyway. No driver_info: it costs a round trip.
    return options | {
        "protocol": 2,
        "decode_responses": False,
        "socket_timeout": None,
        "socket_connect_timeout": None,
        "health_check_interval": 0,
        "driver_info": None,
    }
