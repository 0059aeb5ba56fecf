"""Which node of a Redis Cluster serves which topic."""

import asyncio
import binascii
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any, Self

from redis.exceptions import InvalidResponse

from webapp.channel_layer.redis_connection import make_connection

Node = tuple[str, int]
"""Host and port."""
SLOTS = 16_384


def slot_of(topic: str) -> int:
    """By the cluster's own rule. Our topics have no braces, so the whole name counts."""
    return binascii.crc_hqx(topic.encode("ascii"), 0) % SLOTS


class SlotMap:
    """What a node has answered to CLUSTER SLOTS.

    `owners` serve slots: their addresses by their ids, which stay when an address changes or has two names. `nodes` are
    the addresses of these and their replicas. `complete`: every slot has an owner.
    """

    def __init__(self, answer: Any, asked: Node) -> None:
        """InvalidResponse: that is no slot map."""
        try:
            ranges = sorted(
                (first, last, [Member.read(each, asked) for each in nodes]) for first, last, *nodes in answer
            )
            self._firsts = [first for first, _, _ in ranges]
            self._ranges = [(last, nodes[0].id) for _, last, nodes in ranges]
            self.owners = {nodes[0].id: nodes[0].address for _, _, nodes in ranges}
            self.nodes = {node.address for _, _, nodes in ranges for node in nodes}
            self.complete = sum(last - first + 1 for first, last, _ in ranges) == SLOTS
        except (TypeError, ValueError, IndexError, AttributeError):
            raise InvalidResponse(f"{asked[0]}:{asked[1]} does not answer like a Redis Cluster") from None
        if not self.owners:
            raise InvalidResponse(f"the Redis Cluster of {asked[0]}:{asked[1]} has no slots yet")

    def owner(self, topic: str) -> str | None:
        """The id of its slot's owner, None while there is none."""
        slot = slot_of(topic)
        place = bisect_right(self._firsts, slot) - 1
        if place < 0 or slot > self._ranges[place][0]:
            return None
        return self._ranges[place][1]


@dataclass(frozen=True, slots=True, order=True)
class Member:
    """A node of a cluster."""

    id: str
    address: Node

    @classmethod
    def read(cls, entry: list[Any], asked: Node) -> Self:
        """A node that does not know its own name is where it was asked."""
        host = entry[0].decode("ascii") if entry[0] else "?"
        return cls(entry[2].decode("ascii"), (asked[0] if host == "?" else host, int(entry[1])))


async def ask_for_slots(options: dict[str, Any], node: Node, timeout: float) -> SlotMap:
    """Over a connection of its own. RedisError, OSError, TimeoutError: this node cannot say."""
    connection = make_connection(options | {"host": node[0], "port": node[1]})
    try:
        async with asyncio.timeout(timeout):
            await connection.connect()
            await connection.send_packed_command(connection.pack_commands([("CLUSTER", "SLOTS")]), check_health=False)
            return SlotMap(await connection.read_response(), node)
    finally:
        await connection.disconnect(nowait=True)
