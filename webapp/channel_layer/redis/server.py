"""One Redis server: a connection to publish and one to subscribe."""

import asyncio
from dataclasses import replace
from typing import Any, Protocol

from .connection import make_connection
from .publisher import Publisher
from .reporter import Reporter
from .subscriber import Subscriber
from .verbs import PLAIN, Verbs


class Transport(Protocol):
    """What the layer needs of Redis: implemented by Server and Cluster.

    `up`: what is published now reaches every process, and every wanted topic is subscribed. `problem`: why not.
    """

    @property
    def up(self) -> bool: ...

    @property
    def problem(self) -> str | None: ...

    def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def publish(self, topic: str, frame: bytes) -> None:
        """Returns when the server has accepted it. LayerUnavailable: it did not within `timeout` seconds, or is
        down."""

    def want(self, topic: str) -> None:
        """Subscribes to `topic`, and again on each new connection."""

    def drop(self, topic: str) -> None:
        """Unsubscribes, without waiting for it."""

    async def confirmation(self, topic: str) -> None:
        """Waits until the server has confirmed `topic`, at most `timeout`; not at all while it is known to be down."""


class Server:
    """Both links of one server. `probe` is a topic without subscribers. ValueError: an unusable option."""

    def __init__(
        self, options: dict[str, Any], reporter: Reporter, timeout: float, probe: str, verbs: Verbs = PLAIN
    ) -> None:
        self._subscriber = Subscriber(make_connection(options), reporter, timeout, verbs)
        # A subscribed RESP2 connection cannot ask for the role, so the publisher asks for both.
        asking = replace(reporter, demoted=self._subscriber.leave)
        self._publisher = Publisher(make_connection(options), asking, timeout, verbs, probe)

    @property
    def up(self) -> bool:
        return self._publisher.up and self._subscriber.up

    @property
    def problem(self) -> str | None:
        return self._subscriber.problem or self._publisher.problem

    def start(self) -> None:
        self._subscriber.start()
        self._publisher.start()

    async def stop(self, reason: str = "the channel layer is closed") -> None:
        await asyncio.gather(self._publisher.stop(reason), self._subscriber.stop(reason))

    async def publish(self, topic: str, frame: bytes) -> None:
        await self._publisher.publish(topic, frame)

    def want(self, topic: str) -> None:
        self._subscriber.want(topic)

    def drop(self, topic: str) -> None:
        self._subscriber.drop(topic)

    async def confirmation(self, topic: str) -> None:
        await self._subscriber.confirmation(topic)
