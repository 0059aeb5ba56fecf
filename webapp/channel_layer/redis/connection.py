"""One connection to a Redis server: redis-py's own, without its pool and its retries.

`redis.asyncio.PubSub` is not used, because it reconnects and resubscribes inside a read without telling anyone: the
layer could not know that messages were missed.
"""

from collections.abc import Iterable
from typing import Any, Protocol, cast

from redis.asyncio.connection import Connection
from redis.exceptions import AskError, ClusterDownError, RedisError

Command = tuple[str | bytes, ...]
ELSEWHERE = (AskError, ClusterDownError)
"""A cluster node's errors for a topic that is not its own (redis-py's MovedError is an AskError)."""


class RedisConnection(Protocol):
    """The part of `redis.asyncio.Connection` that is used here, typed. `read_response` raises an error reply."""

    async def connect(self) -> None: ...

    async def disconnect(self, nowait: bool = False) -> None: ...

    def pack_commands(self, commands: Iterable[Command]) -> list[bytes]: ...

    async def send_packed_command(self, command: Iterable[bytes], check_health: bool = True) -> None: ...

    async def read_response(self) -> Any: ...


def make_connection(options: dict[str, Any]) -> RedisConnection:
    """Not yet connected. ValueError: redis-py does not know an option, or cannot use its value."""
    return cast(RedisConnection, make(options, Connection))


def make(options: dict[str, Any], default: type) -> object:
    """A connection of the class that `options` name, or of the default one. ValueError: as above."""
    arguments = dict(options)
    kind = arguments.pop("connection_class", default)
    try:
        return kind(**arguments)
    except (TypeError, AttributeError, RedisError) as error:
        raise ValueError(f"the Redis URL has an option that cannot be used: {error}") from error
