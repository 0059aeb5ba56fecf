"""redis-py's blocking client, for one server or for the nodes of a cluster; one caller at a time."""

import random
import time
from typing import Any, Protocol, cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.connection import Connection, ConnectionPool
from redis.exceptions import NoPermissionError, RedisError, ResponseError
from redis.retry import Retry

from ..errors import LayerUnavailable
from .address import Node, RedisAddress
from .connection import ELSEWHERE, Command, make
from .slots import NO_NODE, SlotMap
from .verbs import PLAIN, ROLE, SHARDED, check_role, no_redis

FAILURES = (RedisError, OSError, ValueError)
"""What redis-py raises when a server cannot be used; ValueError for a host name that no resolver takes."""


class Pipeline(Protocol):
    """The part of `redis.client.Pipeline` that is used here, typed."""

    def execute_command(self, *command: str | bytes) -> object: ...

    def execute(self, raise_on_error: bool) -> list[Any]: ...


class Client:
    """One connection to one node. ValueError: an unusable option."""

    def __init__(self, options: dict[str, Any], timeout: float) -> None:
        times = {"socket_timeout": timeout, "socket_connect_timeout": timeout}
        make(options, Connection)
        arguments = options | times | {"retry": Retry(NoBackoff(), 0)}  # a publish must not be sent twice
        kind = arguments.pop("connection_class", Connection)
        self._redis = Redis(connection_pool=ConnectionPool(connection_class=kind, **arguments))

    def ask(self, *commands: Command) -> list[Any]:
        """The replies to a pipeline; an error reply is a ResponseError in the list. FAILURES."""
        pipeline = cast(Pipeline, self._redis.pipeline(transaction=False))
        for command in commands:
            pipeline.execute_command(*command)
        return pipeline.execute(raise_on_error=False)

    def close(self) -> None:
        self._redis.connection_pool.disconnect()


class SingleNode:
    """One server. ValueError: an unusable option."""

    def __init__(self, options: dict[str, Any], timeout: float) -> None:
        self._client = Client(options, timeout)

    def publish(self, topic: str, data: bytes) -> None:
        """LayerUnavailable: the server did not accept it, or passes it on to nobody because it is a replica."""
        try:
            role, answer = self._client.ask(ROLE, (PLAIN.publish, topic, data))
            check_role(role)
            check_published(answer)
        except FAILURES as error:
            raise unavailable(error) from error

    def close(self) -> None:
        self._client.close()


class ClusterNodes:
    """The nodes of a cluster, found by its slot map, which is read at first use and after each failure.

    ValueError: an unusable option.
    """

    def __init__(self, address: RedisAddress, timeout: float) -> None:
        make(address.options, Connection)
        self._options = address.options
        self._known = set(address.seeds)
        self._failed: set[Node] = set()
        self._timeout = timeout
        self._slots: SlotMap | None = None
        self._clients: dict[Node, Client] = {}

    def publish(self, topic: str, data: bytes) -> None:
        """LayerUnavailable: the slot's owner did not accept it, or there is none."""
        try:
            try:
                self._publish(topic, data)
            except ELSEWHERE:  # refused because the slot has moved: nothing was sent, so this is no repetition
                self._slots = None
                self._publish(topic, data)
        except FAILURES as error:
            self._slots = None
            raise unavailable(error) from error

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def _publish(self, topic: str, data: bytes) -> None:
        if self._slots is None:
            self._slots = self._ask_for_slots()
        owner = self._slots.owner(topic)
        if owner is None:
            raise RedisError(NO_NODE)
        check_published(*self._client(self._slots.owners[owner]).ask((SHARDED.publish, topic, data)))

    def _ask_for_slots(self) -> SlotMap:
        """From any node, in random order because a partitioned one may return a stale map; those that failed last time
        come last. After `timeout` no further node is asked. FAILURES: no node gave a slot map."""
        nodes = list(self._known)
        random.shuffle(nodes)
        nodes.sort(key=lambda node: node not in self._failed)
        deadline = time.monotonic() + self._timeout
        while True:
            node = nodes.pop()
            try:
                slots = self._ask_one(node)
            except FAILURES:
                self._failed.add(node)
                if not nodes or time.monotonic() >= deadline:
                    raise
            else:
                self._failed.discard(node)
                self._known |= slots.nodes
                return slots

    def _ask_one(self, node: Node) -> SlotMap:
        """FAILURES: it gave no slot map."""
        (answer,) = self._client(node).ask(("CLUSTER", "SLOTS"))
        if isinstance(answer, ResponseError):
            raise answer
        return SlotMap(answer, node)

    def _client(self, node: Node) -> Client:
        if node not in self._clients:
            self._clients[node] = Client(self._options | {"host": node[0], "port": node[1]}, self._timeout)
        return self._clients[node]


def check_published(answer: Any) -> None:
    """RedisError: the reply to a publish says that it was refused."""
    if isinstance(answer, NoPermissionError):
        raise NoPermissionError(f"the Redis user may not publish: {answer}")
    if isinstance(answer, ResponseError):
        raise answer
    if not isinstance(answer, int):
        raise no_redis()


def unavailable(error: Exception) -> LayerUnavailable:
    return LayerUnavailable(str(error) or "the server did not answer in time")
