"""The two dialects of pub/sub, and what is asked in both."""

from dataclasses import dataclass
from typing import Any

from redis.exceptions import InvalidResponse, RedisError, ResponseError

from webapp.channel_layer.redis_connection import Command

PING: Command = ("PING",)
ROLE: Command = ("ROLE",)


@dataclass(frozen=True, slots=True)
class Verbs:
    """Three commands, and the first words of the replies that belong to them. `asks_role`: a replica takes what is
    published and does not pass it on, so the server has to be asked whether it is one."""

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
"""Of a cluster since Redis 7: a topic belongs to a slot, and what is published there stays in its shard. A replica
refuses it."""


class NotTheMaster(RedisError):
    """The server passes nothing on to those who listen at another one."""


def check_role(answer: Any) -> None:
    """Of what a server says to ROLE. NotTheMaster; InvalidResponse: no Redis talks like that. A server that refuses to
    say passes: a user may lack the right, and proxies do not know the command."""
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
    return InvalidResponse("what answers there does not talk like Redis")
