"""A Redis Cluster, seen from this process: the two links of each node that owns slots, and who owns them now."""

import asyncio
import logging
import random
from contextlib import suppress
from functools import partial

from redis.exceptions import RedisError

from webapp.channel_layer.errors import LayerUnavailable
from webapp.channel_layer.redis_connection import RedisAddress, make_connection
from webapp.channel_layer.redis_link import full_jitter
from webapp.channel_layer.redis_server import Reporter, Server
from webapp.channel_layer.redis_slots import Node, SlotMap, ask_for_slots
from webapp.channel_layer.redis_subscriber import Confirmation
from webapp.channel_layer.redis_verbs import SHARDED

logger = logging.getLogger(__name__)

LOOK_AGAIN = 30.0
"""Seconds after which the slots are asked for although nothing seems wrong: nobody tells of a replica that was promoted
in peace."""
MOST_ATTEMPTS = 4
"""Of the jitter between two questions while something is wrong: 1.6 s at the most."""


class Cluster:
    """Sharded pub/sub: a topic is published to, and heard from, the node that owns its slot.

    A wanted topic is `unheard` until its owner has confirmed it, and `astray` if it had been heard before or was
    disowned: slots move and nodes die, and then the map is asked for anew. Up is the cluster when every owner is up and
    nothing is astray.
    """

    def __init__(self, address: RedisAddress, reporter: Reporter, timeout: float) -> None:
        make_connection(address.options)  # what is wrong with them is said now
        self._options = address.options
        self._seeds = set(address.seeds)
        self._reporter = reporter
        self._timeout = timeout
        self._slots: SlotMap | None = None
        self._servers: dict[Node, Server] = {}
        self._homes: dict[str, Node | None] = {}
        self._unheard: dict[str, asyncio.Future[None]] = {}
        self._astray: set[str] = set()
        self._problem: str | None = None
        self._look = asyncio.Event()
        self._mapped = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._retiring: set[asyncio.Task[None]] = set()

    @property
    def up(self) -> bool:
        return bool(self._servers) and not self._astray and all(server.up for server in self._servers.values())

    @property
    def problem(self) -> str | None:
        if self.up:
            return None
        return next((each.problem for each in self._servers.values() if each.problem), self._problem)

    def start(self) -> None:
        self._task = asyncio.create_task(self._follow(), name="channel layer: slots")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        servers, self._servers = self._servers, {}
        await asyncio.gather(*(server.stop() for server in servers.values()), *self._retiring)

    async def publish(self, topic: str, frame: bytes) -> None:
        if self._slots is None and self._problem is None:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._timeout):
                    await self._mapped.wait()
        server = self._server(self._owner(topic))
        if server is None:
            raise LayerUnavailable(self._problem or "no node of the cluster serves this group")
        await server.publish(topic, frame)

    def want(self, topic: str) -> None:
        if topic not in self._homes:
            self._homes[topic] = None
            self._unheard[topic] = asyncio.get_running_loop().create_future()
            self._settle(topic)

    def drop(self, topic: str) -> None:
        server = self._server(self._homes.pop(topic, None))
        if server is not None:
            server.drop(topic)
        self._unheard.pop(topic, None)
        if topic in self._astray:
            self._astray.remove(topic)
            self._reporter.changed()

    async def confirmation(self, topic: str) -> None:
        unheard = self._unheard.get(topic)
        if unheard is not None and self.problem is None:
            await asyncio.wait([unheard], timeout=self._timeout)

    def _owner(self, topic: str) -> Node | None:
        return None if self._slots is None else self._slots.owner(topic)

    def _server(self, node: Node | None) -> Server | None:
        return None if node is None else self._servers.get(node)

    def _settle(self, topic: str) -> None:
        """Has `topic` heard from its owner, as soon as there is one."""
        before, after = self._server(self._homes[topic]), self._server(self._owner(topic))
        if before is not None:
            before.drop(topic)
        self._homes[topic] = self._owner(topic)
        if after is not None:
            after.want(topic).add_done_callback(partial(self._heard, topic))
        elif self._slots is not None:
            self._mark_astray(topic)

    def _heard(self, topic: str, confirmation: Confirmation) -> None:
        if confirmation.cancelled() or topic not in self._unheard:
            return
        self._unheard.pop(topic).set_result(None)
        self._astray.discard(topic)
        self._reporter.changed()

    def _strayed(self, topic: str) -> None:
        """Called by a node that `topic` is not, or is no longer, at home with."""
        if topic in self._homes:
            self._mark_astray(topic)
        self._look.set()
        self._reporter.changed()

    def _mark_astray(self, topic: str) -> None:
        self._astray.add(topic)
        if topic not in self._unheard:
            self._unheard[topic] = asyncio.get_running_loop().create_future()

    def _node_changed(self) -> None:
        if not self.up:
            self._look.set()
        self._reporter.changed()

    async def _follow(self) -> None:
        """Keeps the map true, whatever happens: nobody else would notice."""
        attempt = 0
        while True:
            self._look.clear()
            try:
                await self._ask()
            except Exception:
                logger.exception("the slots of the Redis Cluster cannot be followed")
            attempt = 0 if self.up else min(attempt + 1, MOST_ATTEMPTS)
            if self.up:
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_AGAIN):
                        await self._look.wait()
            await asyncio.sleep(full_jitter(attempt))

    async def _ask(self) -> None:
        """Any node may answer; another one each time, for one that is cut off tells of the past."""
        nodes = list(self._seeds | (self._slots.nodes if self._slots else set()))
        random.shuffle(nodes)
        problems: dict[Node, str] = {}
        for node in nodes:
            try:
                self._adopt(await ask_for_slots(self._options, node, self._timeout))
            except (RedisError, OSError) as error:
                problems[node] = str(error) or f"{node[0]}:{node[1]} did not answer in time"
            else:
                return
        self._problem = problems[min(problems)]  # always the same one's, for each new problem is logged
        self._reporter.changed()

    def _adopt(self, slots: SlotMap) -> None:
        self._slots, self._problem = slots, None
        for node in slots.owners - self._servers.keys():
            self._open(node)
        for topic, home in self._homes.items():
            if home is not None and home != slots.owner(topic):
                self._mark_astray(topic)
            if home is None or topic in self._astray:
                self._settle(topic)
        for node in self._servers.keys() - slots.owners:
            self._retire(self._servers.pop(node))
        self._mapped.set()
        self._reporter.changed()

    def _open(self, node: Node) -> None:
        reporter = Reporter(self._node_changed, self._reporter.arrived, self._strayed)
        options = self._options | {"host": node[0], "port": node[1]}
        self._servers[node] = Server(options, reporter, self._timeout, SHARDED)
        self._servers[node].start()

    def _retire(self, server: Server) -> None:
        """What waits for its answer is told that there is none."""
        task = asyncio.create_task(server.stop(), name="channel layer: a node leaves")
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)
