"""One Redis server, seen from this process: a connection to publish on and one to listen on."""

import asyncio
from dataclasses import replace
from typing import Any, Protocol

from webapp.channel_layer.redis_connection import make_connection
from webapp.channel_layer.redis_publisher import Publisher
from webapp.channel_layer.redis_reporter import Reporter
from webapp.channel_layer.redis_subscriber import Subscriber
from webapp.channel_layer.redis_verbs import PLAIN, Verbs


class Transport(Protocol):
    """What the layer asks of Redis, be it one server or a cluster.

    `up`: everything published now reaches every process, and everything wanted is heard. `problem`: why not.
    """

    @property
    def up(self) -> bool: ...

    @property
    def problem(self) -> str | None: ...

    def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def publish(self, topic: str, frame: bytes) -> None:
        """Returns when the server has it; LayerUnavailable otherwise, within `timeout` seconds."""

    def want(self, topic: str) -> None:
        """Hears `topic` from now on, whatever happens to connections."""

    def drop(self, topic: str) -> None: ...

    async def confirmation(self, topic: str) -> None:
        """Until `topic` is heard: not at all while the server is known to be away, `timeout` at the most."""


class Server:
    """Both links of one server. `probe` is a topic that nobody hears."""

    def __init__(
        self, options: dict[str, Any], reporter: Reporter, timeout: float, probe: str, verbs: Verbs = PLAIN
    ) -> None:
        self._subscriber = Subscriber(make_connection(options), reporter, timeout, verbs)
        # Who listens can ask nothing in RESP2, so the publisher asks for both.
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
