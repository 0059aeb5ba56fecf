"""The commands of plain and of sharded pub/sub."""

from dataclasses import dataclass
from typing import Any

from redis.exceptions import InvalidResponse, RedisError, ResponseError

from .connection import Command

PING: Command = ("PING",)
ROLE: Command = ("ROLE",)


@dataclass(frozen=True, slots=True)
class Verbs:
    """Three commands, and the first element of their replies. `asks_role`: a replica accepts a publish without passing
    it on to its master, so the server must be asked for its role."""

    publish: str
    subscribe: str
    unsubscribe: str
    message: bytes
    asks_role: bool

    @property
    def subscribed(self) -> bytes:
        return self.subscribe.lower().encode()

    @property
    def unsubscribed(self) -> bytes:
        return self.unsubscribe.lower().encode()


PLAIN = Verbs("PUBLISH", "SUBSCRIBE", "UNSUBSCRIBE", b"message", asks_role=True)
SHARDED = Verbs("SPUBLISH", "SSUBSCRIBE", "SUNSUBSCRIBE", b"smessage", asks_role=False)
"""Redis Cluster 7.0 or later: a topic belongs to a slot, and what is published to it stays in that shard. Replicas
refuse it."""


class NotTheMaster(RedisError):
    """The server does not pass publications on to the subscribers of the others."""


def check_role(answer: Any) -> None:
    """Checks the reply to ROLE. NotTheMaster: a replica or a Sentinel. InvalidResponse: not a Redis reply. An error
    reply passes: the user may lack the permission, and proxies do not know the command."""
    if isinstance(answer, ResponseError):
        return
    role = answer[0] if isinstance(answer, list) and answer else None
    if role == b"slave":
        raise NotTheMaster(
            f"the server is a replica: only who listens at it would hear us, the Redis URL must name its master, "
            f"{answer[1].decode('ascii', 'replace')}:{answer[2]}"
        )
    if role == b"sentinel":
        raise NotTheMaster("the server is a Sentinel: the Redis URL must name the master that it watches")
    if role != b"master":
        raise no_redis()


def no_redis() -> InvalidResponse:
    """The error for a reply that no Redis sends."""
    return InvalidResponse("the server does not answer like Redis")
