"""A real Redis Cluster of a test's own: nodes of `redis_server.py` that have met."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import redis

from tests.channel_layer.redis_server import RedisServer
from tests.ports import free_port
from webapp.channel_layer.redis.slots import SLOTS, slot_of

WITHIN = 40.0
"""Seconds in which nodes meet and fail over; a busy machine takes its time."""


class RedisCluster:
    """`masters` nodes that share the slots evenly, then as many replicas as `replicas`, of the first masters.

    `tls` are redis-server's words for its certificate; then the nodes speak TLS among themselves and at `url`.
    """

    def __init__(
        self, folder: Path, masters: int = 3, replicas: int = 0, password: str | None = None, tls: Sequence[str] = ()
    ) -> None:
        self.password = password
        self.tls = tls
        self.nodes = [self._node(folder / f"node-{number}") for number in range(masters + replicas)]
        self.masters = self.nodes[:masters]

    def _node(self, folder: Path) -> RedisServer:
        folder.mkdir(parents=True)
        bus = ("--cluster-port", str(free_port()), "--cluster-node-timeout", "1000")
        secret = ("--masterauth", self.password) if self.password else ()
        tls = ("--tls-port", str(free_port()), "--tls-cluster", "yes", *self.tls) if self.tls else ()
        return RedisServer(
            folder,
            "--cluster-enabled",
            "yes",
            *bus,
            "--repl-diskless-sync-delay",
            "0",
            *secret,
            *tls,
            password=self.password,
        )

    @property
    def url(self) -> str:
        scheme = "rediss+cluster" if self.tls else "redis+cluster"
        secret = f":{self.password}@" if self.password else ""
        return f"{scheme}://{secret}" + ",".join(f"127.0.0.1:{client_port(node)}" for node in self.nodes)

    def start(self) -> "RedisCluster":
        for number, node in enumerate(self.nodes):
            node.start()
            node.command("CLUSTER", "SET-CONFIG-EPOCH", str(number + 1))
        for number, node in enumerate(self.masters):
            begin, end = (SLOTS * each // len(self.masters) for each in (number, number + 1))
            node.command("CLUSTER", "ADDSLOTSRANGE", str(begin), str(end - 1))
        first, *others = self.nodes
        for node in others:
            first.command("CLUSTER", "MEET", "127.0.0.1", client_port(node), value(node, "--cluster-port"))
        self.until(lambda: all(len(known(node)) == len(self.nodes) for node in self.nodes))
        for number, node in enumerate(self.nodes[len(self.masters) :]):
            node.command("CLUSTER", "REPLICATE", name(self.masters[number]))
        self.until(lambda: all(healthy(node) for node in self.nodes))
        self.until(lambda: all(synchronised(node) for node in self.nodes[len(self.masters) :]))
        return self

    def kill(self) -> None:
        for node in self.nodes:
            node.kill()

    def owner(self, topic: str) -> RedisServer:
        """As the first master sees it."""
        for first, last, (_, port, *_), *_ in self.masters[0].command("CLUSTER", "SLOTS"):
            if first <= slot_of(topic) <= last:
                return next(node for node in self.nodes if node.port == port)
        raise AssertionError(f"nobody serves the slot of {topic}")

    def move(self, topic: str, to: RedisServer) -> None:
        """Gives the (empty) slot of `topic` to another master, as resharding does.

        The new owner's epoch is the highest then: a later word of the old one does not count.
        """
        slot = str(slot_of(topic))
        to.command("CLUSTER", "SETSLOT", slot, "NODE", name(to))
        to.command("CLUSTER", "BUMPEPOCH")
        for node in self.masters:
            node.command("CLUSTER", "SETSLOT", slot, "NODE", name(to))

    def abandon(self, topic: str) -> RedisServer:
        """Takes the slot of `topic` from its owner, which is returned, and gives it to nobody."""
        owner = self.owner(topic)
        for node in self.masters:
            node.command("CONFIG", "SET", "cluster-require-full-coverage", "no")
            node.command("CLUSTER", "DELSLOTS", str(slot_of(topic)))
        return owner

    def give(self, topic: str, owner: RedisServer) -> None:
        """Gives an abandoned slot to `owner`; every master knows of it when this returns."""
        owner.command("CLUSTER", "ADDSLOTS", str(slot_of(topic)))
        for node in self.masters:
            if node is not owner:
                node.command("CLUSTER", "SETSLOT", str(slot_of(topic)), "NODE", name(owner))

    def listeners(self, topic: str) -> dict[int, int]:
        """Connections subscribed to `topic`, by the node's port; nodes that are down, or have none, are left out."""
        alive = [node for node in self.nodes if node.running]
        counts = {node.port: int(node.command("PUBSUB", "SHARDNUMSUB", topic)[1]) for node in alive}
        return {port: count for port, count in counts.items() if count}

    @staticmethod
    def until(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + WITHIN
        while not settled(condition):
            assert time.monotonic() < deadline, "the cluster does not come together"
            time.sleep(0.05)


def settled(condition: Callable[[], bool]) -> bool:
    try:
        return condition()
    except redis.ResponseError:
        return False


def client_port(node: RedisServer) -> str:
    return value(node, "--tls-port") if "--tls-port" in node.arguments else str(node.port)


def value(node: RedisServer, argument: str) -> str:
    return node.arguments[node.arguments.index(argument) + 1]


def known(node: RedisServer) -> list[str]:
    return [line for line in node.command("CLUSTER", "NODES").decode().splitlines() if "handshake" not in line]


def name(node: RedisServer) -> str:
    identity: bytes = node.command("CLUSTER", "MYID")
    return identity.decode()


def healthy(node: RedisServer) -> bool:
    info = node.command("CLUSTER", "INFO").decode()
    return "cluster_state:ok" in info and "cluster_slots_ok:16384" in info


def synchronised(node: RedisServer) -> bool:
    return node.command("INFO", "replication").get("master_link_status") == "up"
