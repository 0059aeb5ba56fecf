"""One connection to a Redis server: redis-py's own, without its pool and its retries.

We drive the connection itself, not `redis.asyncio.PubSub`, because that reconnects and resubscribes within a read and
tells nobody: its owner could not know that messages are missing.
"""

from collections.abc import Iterable
from typing import Any, Protocol, cast

from redis.asyncio.connection import Connection, parse_url
from redis.exceptions import RedisError

Command = tuple[str | bytes, ...]


class RedisConnection(Protocol):
    """All that we use of `redis.asyncio.Connection`, typed. An error reply is raised by `read_response`."""

    async def connect(self) -> None: ...

    async def disconnect(self, nowait: bool = False) -> None: ...

    def pack_commands(self, commands: Iterable[Command]) -> list[bytes]: ...

    async def send_packed_command(self, command: Iterable[bytes], check_health: bool = True) -> None: ...

    async def read_response(self) -> Any: ...


def redis_options(url: str) -> dict[str, Any]:
    """What `url` says, in redis-py's words, with our own wire settings over it. ValueError: it cannot be understood."""
    try:
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
    except (TypeError, RedisError) as error:
        raise ValueError(f"the Redis URL has an option that cannot be used: {error}") from error
