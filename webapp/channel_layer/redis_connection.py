"""One connection to a Redis server: redis-py's own, without its pool and its retries.

We drive the connection itself, not `redis.asyncio.PubSub`, because that reconnects and resubscribes within a read and
tells nobody: its owner could not know that messages are missing.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, cast

from redis.asyncio.connection import Connection, parse_url
from redis.exceptions import AskError, ClusterDownError, RedisError

Command = tuple[str | bytes, ...]
ELSEWHERE = (AskError, ClusterDownError)
"""What a node of a cluster says of a topic that is not its own (MOVED is a kind of ASK to redis-py)."""


class RedisConnection(Protocol):
    """All that we use of `redis.asyncio.Connection`, typed. An error reply is raised by `read_response`."""

    async def connect(self) -> None: ...

    async def disconnect(self, nowait: bool = False) -> None: ...

    def pack_commands(self, commands: Iterable[Command]) -> list[bytes]: ...

    async def send_packed_command(self, command: Iterable[bytes], check_health: bool = True) -> None: ...

    async def read_response(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """What a URL says: `options` in redis-py's words, and of a cluster the nodes (host, port) that it names."""

    options: dict[str, Any]
    seeds: tuple[tuple[str, int], ...]
    cluster: bool


def read_url(url: str) -> RedisAddress:
    """`redis://`, `rediss://` and `unix://` as redis-py reads them; `redis+cluster://` and `rediss+cluster://` with one
    host or several between commas. ValueError: it cannot be understood."""
    kind, _, cluster = url.partition("://")[0].partition("+")
    if cluster not in ("", "cluster") or (cluster and kind == "unix"):
        raise ValueError("the scheme of the Redis URL is not known")
    if not cluster:
        return RedisAddress(redis_options(url), (), cluster=False)
    every = [redis_options(each) for each in node_urls(url)]
    if any(options.get("db") for options in every):
        raise ValueError("a Redis Cluster has one database, 0: the Redis URL names another")
    seeds = tuple((str(options.get("host", "localhost")), int(options.get("port", 6379))) for options in every)
    return RedisAddress(every[0], seeds, cluster=True)


def node_urls(url: str) -> list[str]:
    """The `redis://` or `rediss://` URL of each node that a cluster's URL names; what else that says holds for all."""
    scheme, _, rest = url.partition("+cluster://")
    place = re.split("[/?]", rest, maxsplit=1)[0]
    secret, at, hosts = place.rpartition("@")
    every = hosts.split(",")
    if not all(every):
        raise ValueError("the Redis URL has a comma with no host beside it, or no host at all")
    return [f"{scheme}://{secret}{at}{host}{rest[len(place) :]}" for host in every]


def redis_options(url: str) -> dict[str, Any]:
    """What `url` says, in redis-py's words, with our own wire settings over it. ValueError: it cannot be understood."""
    try:
        if "#" in url:  # parse_url would take what stands before it for the whole
            raise ValueError
        options: dict[str, Any] = dict(parse_url(url))
    except ValueError:
        # The reason is not passed on: it may quote what it took for a port out of the middle of a password.
        raise ValueError("the Redis URL cannot be understood (are special characters percent-encoded?)") from None
    options.pop("max_connections", None)
    # RESP2 keeps pub/sub replies plain lists on every server since Redis 2.8. No socket_timeout: it would cost a task
    # per write, and our callers put a deadline around the whole exchange anyhow. No driver_info: it is a round trip.
    return options | {
        "protocol": 2,
        "decode_responses": False,
        "socket_timeout": None,
        "socket_connect_timeout": None,
        "health_check_interval": 0,
        "driver_info": None,
    }


def make_connection(options: dict[str, Any]) -> RedisConnection:
    """Not yet connected. ValueError: an option that redis-py does not know."""
    arguments = dict(options)
    kind = arguments.pop("connection_class", Connection)
    try:
        return cast(RedisConnection, kind(**arguments))
    except (TypeError, AttributeError, RedisError) as error:
        raise ValueError(f"the Redis URL has an option that cannot be used: {error}") from error
