"""What is on the wire: the names of the pub/sub channels (topics), and the frames in them.

A frame is a head, a space and the encoded message. In a group's topic the head is the sender's process, which ignores
its own echo; in a process's topic it is the channel that the message is for.
"""

from dataclasses import dataclass
from typing import Self

from ..messages import check_name
from .address import RedisAddress

DEFAULT_PREFIX = "events"


@dataclass(frozen=True, slots=True)
class Topics:
    """`groups` + group is a group's topic, `processes` + process is where a process receives what is sent to its
    channels, and `probe` has no subscriber."""

    groups: str
    processes: str

    @classmethod
    def of(cls, prefix: str, address: RedisAddress) -> Self:
        """Prefix and database number keep installations on one server apart; pub/sub itself ignores databases.
        TypeError: the prefix is not a valid name."""
        check_name(prefix)
        namespace = f"{prefix}:{address.options.get('db', 0)}"
        return cls(f"{namespace}:group:", f"{namespace}:process:")

    @property
    def probe(self) -> str:
        return f"{self.processes}probe"


def process_of(channel: str) -> str | None:
    """The process in a channel's name; None if `new_channel` did not make this name."""
    parts = channel.rsplit(".", 2)
    return parts[1] if len(parts) == 3 else None


def frame(head: str, payload: bytes) -> bytes:
    return b"%b %b" % (head.encode("ascii"), payload)
