"""Which node of a Redis Cluster owns which topic."""

import asyncio
import binascii
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any, Self

from redis.exceptions import InvalidResponse

from .address import Node
from .connection import make_connection

SLOTS = 16_384
NO_NODE = "some groups have no node of the Redis Cluster that serves them"


def slot_of(topic: str) -> int:
    """By the cluster's rule. Our topics contain no braces, so the whole name is hashed."""
    return binascii.crc_hqx(topic.encode("ascii"), 0) % SLOTS


class SlotMap:
    """A node's reply to CLUSTER SLOTS.

    `owners` are the addresses of the nodes that own slots, by id, which stays the same when the address changes.
    `nodes` are the addresses of these and their replicas. `complete`: every slot has an owner.
    """

    def __init__(self, answer: Any, asked: Node) -> None:
        """InvalidResponse: not a slot map, or one without any slots."""
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
        """The id of the node that owns the topic's slot, None if there is none."""
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
        """A node that does not know its own host name has the one it was asked at."""
        host = entry[0].decode("ascii") if entry[0] else "?"
        return cls(entry[2].decode("ascii"), (asked[0] if host == "?" else host, int(entry[1])))


async def ask_for_slots(options: dict[str, Any], node: Node, timeout: float) -> SlotMap:
    """Over a connection of its own. RedisError, OSError, TimeoutError, ValueError: this node gave no slot map."""
    connection = make_connection(options | {"host": node[0], "port": node[1]})
    try:
        async with asyncio.timeout(timeout):
            await connection.connect()
            await connection.send_packed_command(connection.pack_commands([("CLUSTER", "SLOTS")]), check_health=False)
            return SlotMap(await connection.read_response(), node)
    finally:
        await connection.disconnect(nowait=True)
