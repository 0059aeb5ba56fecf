"""What this process tells the others."""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Any

from webapp.channel_layer.errors import LayerUnavailable
from webapp.channel_layer.redis_connection import ELSEWHERE, Command, RedisConnection
from webapp.channel_layer.redis_link import Link, no_redis
from webapp.channel_layer.redis_reporter import Reporter
from webapp.channel_layer.redis_verbs import Verbs

MAX_PENDING_BYTES = 8 << 20
_OVERHEAD = 500


@dataclass(frozen=True, slots=True)
class Publication:
    """`answer` becomes None when the server has it, or the problem that came between."""

    topic: str
    frame: bytes
    answer: asyncio.Future[str | None]

    def settle(self, problem: str | None) -> None:
        """The caller may have given up meanwhile."""
        if not self.answer.done():
            self.answer.set_result(problem)

    @property
    def weight(self) -> int:
        return len(self.frame) + _OVERHEAD


class Publisher(Link):
    """Publishes in the order of the calls, over one connection. What gathers within one turn of the loop goes as one
    pipeline, so a burst costs few system calls and needs no pool."""

    def __init__(self, connection: RedisConnection, reporter: Reporter, timeout: float, verbs: Verbs) -> None:
        super().__init__(connection, reporter.changed, timeout)
        self._moved = reporter.moved
        self._verbs = verbs
        self._waiting: list[Publication] = []
        self._under_way: deque[Publication] = deque()
        self._pending_bytes = 0

    async def publish(self, topic: str, frame: bytes) -> None:
        """Returns when the server has it. LayerUnavailable: it did not say so within `timeout` seconds, or is away."""
        publication = self._enqueue(topic, frame)
        try:
            async with asyncio.timeout(self._timeout):
                problem = await publication.answer
        except TimeoutError:
            raise LayerUnavailable("the server did not answer in time") from None
        if problem is not None:
            raise LayerUnavailable(problem)

    def _enqueue(self, topic: str, frame: bytes) -> Publication:
        # Known to be away: no poster waits for it. The link itself finds out when it is back.
        if self.problem is not None:
            raise LayerUnavailable(self.problem)
        publication = Publication(topic, frame, asyncio.get_running_loop().create_future())
        if self._pending_bytes + publication.weight > MAX_PENDING_BYTES:
            raise LayerUnavailable("too much is waiting for the server")
        self._waiting.append(publication)
        self._pending_bytes += publication.weight
        self._wake.set()
        return publication

    def _fresh(self) -> None:
        """What waited for the old connection was let go with it."""

    def _outgoing(self) -> list[Command]:
        batch, self._waiting = self._waiting, []
        self._under_way.extend(batch)
        return [(self._verbs.publish, each.topic, each.frame) for each in batch]

    def _heard(self, reply: Any) -> None:
        if reply == b"PONG":
            self._came_up()
        elif isinstance(reply, int) and self._under_way:
            self._next_answered().settle(None)
        elif isinstance(reply, ELSEWHERE) and self._under_way:
            publication = self._next_answered()
            publication.settle("the group is moving to another node")
            self._moved(publication.topic)
        else:
            raise no_redis()

    def _next_answered(self) -> Publication:
        publication = self._under_way.popleft()
        self._pending_bytes -= publication.weight
        return publication

    def _lost(self, problem: str) -> None:
        for publication in (*self._under_way, *self._waiting):
            publication.settle(problem)
        self._under_way.clear()
        self._waiting = []
        self._pending_bytes = 0
