"""The two dialects of pub/sub."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verbs:
    """Three commands, and the first words of the replies that belong to them."""

    publish: str
    subscribe: str
    unsubscribe: str
    message: bytes

    @property
    def subscribed(self) -> bytes:
        return self.subscribe.lower().encode()

    @property
    def unsubscribed(self) -> bytes:
        return self.unsubscribe.lower().encode()


PLAIN = Verbs("PUBLISH", "SUBSCRIBE", "UNSUBSCRIBE", b"message")
SHARDED = Verbs("SPUBLISH", "SSUBSCRIBE", "SUNSUBSCRIBE", b"smessage")
"""Of a cluster since Redis 7: a topic belongs to a slot, and what is published there stays in its shard."""
