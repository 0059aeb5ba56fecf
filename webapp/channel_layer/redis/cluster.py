"""A Redis Cluster: two connections to each node that owns slots, and the current slot map."""

import asyncio
import logging
import random
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from redis.exceptions import RedisError

from ..errors import LayerUnavailable
from .address import Node, RedisAddress
from .connection import make_connection
from .link import full_jitter
from .reporter import Reporter
from .server import Server
from .slots import NO_NODE, SlotMap, ask_for_slots
from .verbs import SHARDED

logger = logging.getLogger(__name__)

LOOK_AGAIN = 30.0
"""Seconds after which the slot map is read again although nothing seems wrong: no message announces a planned
failover."""


@dataclass(slots=True)
class Topic:
    """`node` is the id of the node where it is being subscribed; `heard` is done once that has confirmed. `lost`: it is
    not subscribed although it was, or should be."""

    node: str | None = None
    heard: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    lost: bool = False


class Cluster:
    """Sharded pub/sub: a topic is published and subscribed at the node that owns its slot.

    Slots move and nodes die. When a node drops a topic for that reason, the slot map is read again and the topic is
    subscribed at its new owner. The cluster is up when every slot has an owner, every owner is up, and no topic is
    lost. Publishing to a slot that is just moving raises LayerUnavailable.

    A partitioned node may return a stale slot map, so the nodes are asked in random order.
    """

    def __init__(self, address: RedisAddress, reporter: Reporter, timeout: float, probe: str) -> None:
        make_connection(address.options)  # ValueError now, not at the first connection
        self._options = address.options
        self._seeds = set(address.seeds)
        self._reporter = reporter
        self._timeout = timeout
        self._probe = probe
        self._slots: SlotMap | None = None
        self._servers: dict[str, Server] = {}
        self._addresses: dict[str, Node] = {}
        self._topics: dict[str, Topic] = {}
        self._lost = 0
        self._problem: str | None = None
        self._look = asyncio.Event()
        self._mapped = asyncio.Event()
        self._early = 0
        self._task: asyncio.Task[None] | None = None
        self._retiring: set[asyncio.Task[None]] = set()

    @property
    def up(self) -> bool:
        whole = bool(self._servers) and self._slots is not None and self._slots.complete and not self._lost
        return whole and all(server.up for server in self._servers.values())

    @property
    def problem(self) -> str | None:
        if self.up:
            return None
        asked = self._slots is not None and (self._lost or not self._slots.complete)
        below = next((each.problem for each in self._servers.values() if each.problem), None)
        return below or self._problem or (NO_NODE if asked else None)

    def start(self) -> None:
        self._task = asyncio.create_task(self._follow(), name="channel layer: slots")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        servers, self._servers = self._servers, {}
        await asyncio.gather(*(server.stop() for server in servers.values()), *self._retiring)
        self._problem = "the channel layer is closed"
        self._mapped.set()
        for topic in tuple(self._topics):
            self.drop(topic)

    async def publish(self, topic: str, frame: bytes) -> None:
        if self._early or (self._slots is None and self._problem is None):
            await self._first_map()
        server = self._server(self._owner(topic))
        if server is None:
            self._look.set()
            raise LayerUnavailable(self._problem or NO_NODE)
        await server.publish(topic, frame)

    async def _first_map(self) -> None:
        """Waits for the slot map; calls from before it arrived keep their place before later ones."""
        self._early += 1
        try:
            if self._mapped.is_set():
                await asyncio.sleep(0)
            else:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._timeout):
                        await self._mapped.wait()
        finally:
            self._early -= 1

    def want(self, topic: str) -> None:
        if topic not in self._topics:
            self._topics[topic] = Topic()
            if self._slots is not None:
                self._settle(topic, self._topics[topic])

    def drop(self, topic: str) -> None:
        known = self._topics.pop(topic, None)
        if known is None:
            return
        server = self._server(known.node)
        if server is not None:
            server.drop(topic)
        self._found(known)

    async def confirmation(self, topic: str) -> None:
        known = self._topics.get(topic)
        if known is None or known.heard.done():
            return
        server = self._server(known.node)
        problem = self._problem if self._slots is None else NO_NODE if server is None else server.problem
        if problem is None:
            await asyncio.wait([known.heard], timeout=self._timeout)

    def _owner(self, topic: str) -> str | None:
        return None if self._slots is None else self._slots.owner(topic)

    def _server(self, node: str | None) -> Server | None:
        return None if node is None else self._servers.get(node)

    def _settle(self, name: str, topic: Topic) -> None:
        """Subscribes the topic at its owner, unless that is already done."""
        owner = self._owner(name)
        if topic.node is not None and topic.node != owner:
            self._servers[topic.node].drop(name)
            topic.node = None
            self._lose(topic)
        server = self._server(owner)
        if server is None:
            self._lose(topic)
        elif topic.node is None:
            topic.node = owner
            server.want(name)

    def _lose(self, topic: Topic) -> None:
        if topic.heard.done():
            topic.heard = asyncio.get_running_loop().create_future()
        if not topic.lost:
            topic.lost = True
            self._lost += 1
        self._look.set()
        self._reporter.changed()

    def _found(self, topic: Topic) -> None:
        if not topic.heard.done():
            topic.heard.set_result(None)
        if topic.lost:
            topic.lost = False
            self._lost -= 1
            self._reporter.changed()

    # -- reports of the nodes, each in the order of its replies

    def _arrived(self, node: str, name: bytes, frame: bytes) -> bool:
        """While a topic moves within its shard, two nodes may send its messages; only one of them counts."""
        known = self._topics.get(name.decode("ascii"))
        return known is not None and known.node == node and self._reporter.arrived(name, frame)

    def _heard(self, node: str, name: str) -> None:
        known = self._topics.get(name)
        if known is not None and known.node == node:
            self._found(known)

    def _strayed(self, node: str, name: str) -> None:
        known = self._topics.get(name)
        if known is not None and known.node == node:
            known.node = None
            self._lose(known)

    def _moved(self, _name: str) -> None:
        """A publish went to a node that no longer owns the slot. Subscribers are told by the node itself."""
        self._look.set()

    def _node_changed(self) -> None:
        if not self.up:
            self._look.set()
        self._reporter.changed()

    # -- the slot map

    async def _follow(self) -> None:
        """Keeps the slot map current; goes on after any error, because nothing else would restart it."""
        attempt = 0
        while True:
            self._look.clear()
            try:
                await self._ask()
            except Exception:  # a task that ended would leave the map stale for good
                logger.exception("the slots of the Redis Cluster cannot be followed")
            attempt = 0 if self.up else attempt + 1
            if self.up:
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_AGAIN):
                        await self._look.wait()
            await asyncio.sleep(full_jitter(attempt))

    async def _ask(self) -> None:
        """Reads the slot map from any node, in random order because a partitioned one may return a stale map."""
        nodes = list(self._seeds | (self._slots.nodes if self._slots else set()))
        random.shuffle(nodes)
        problems: dict[Node, str] = {}
        for node in nodes:
            try:
                self._adopt(await ask_for_slots(self._options, node, self._timeout))
            except (RedisError, OSError, ValueError) as error:
                problems[node] = str(error) or f"{node[0]}:{node[1]} did not answer in time"
            else:
                return
        self._problem = problems[min(problems)]  # always the same node's, because each different problem is logged
        self._reporter.changed()

    def _adopt(self, slots: SlotMap) -> None:
        self._slots, self._problem = slots, None
        for node in tuple(self._servers):
            if node not in slots.owners or self._is_elsewhere(node, slots.owners[node]):
                self._close(node)
        for node, address in slots.owners.items():
            if node not in self._servers:
                self._open(node, address)
        for name, topic in self._topics.items():
            self._settle(name, topic)
        self._mapped.set()
        self._reporter.changed()

    def _is_elsewhere(self, node: str, address: Node) -> bool:
        """Whether a node that is down has a new address; one that is up may just have two names."""
        return self._addresses[node] != address and not self._servers[node].up

    def _open(self, node: str, address: Node) -> None:
        reporter = Reporter(
            self._node_changed,
            partial(self._arrived, node),
            partial(self._heard, node),
            partial(self._strayed, node),
            self._moved,
        )
        options = self._options | {"host": address[0], "port": address[1]}
        self._addresses[node] = address
        self._servers[node] = Server(options, reporter, self._timeout, self._probe, SHARDED)
        self._servers[node].start()

    def _close(self, node: str) -> None:
        """Stops a node that owns no slots any more; waiting publishers get LayerUnavailable."""
        server = self._servers.pop(node)
        for topic in self._topics.values():
            if topic.node == node:
                topic.node = None
                self._lose(topic)
        task = asyncio.create_task(server.stop("the node has left the cluster"), name="channel layer: a node leaves")
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)
