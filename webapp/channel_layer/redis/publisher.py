"""The connection that publishes to other processes."""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Any

from redis.exceptions import NoPermissionError, ResponseError

from ..errors import LayerUnavailable
from .connection import ELSEWHERE, Command, RedisConnection
from .link import Link
from .reporter import Reporter
from .verbs import PING, ROLE, NotTheMaster, Verbs, check_role, no_redis

MAX_PENDING_BYTES = 8 << 20
_OVERHEAD = 500


@dataclass(frozen=True, slots=True)
class Publication:
    """`answer` becomes None when the server has accepted it, or the reason why it has not."""

    topic: str
    frame: bytes
    answer: asyncio.Future[str | None]

    def settle(self, problem: str | None) -> None:
        """Does nothing if the caller has given up."""
        if not self.answer.done():
            self.answer.set_result(problem)

    @property
    def weight(self) -> int:
        return len(self.frame) + _OVERHEAD


class Publisher(Link):
    """Publishes in the order of the calls, over one connection. What is published in one iteration of the loop goes out
    as one pipeline, so a burst costs few system calls and needs no pool.

    Each check tests the permission to publish with an empty frame to `probe`, a topic without subscribers, or after a
    refusal to the refused topic.
    """

    def __init__(
        self, connection: RedisConnection, reporter: Reporter, timeout: float, verbs: Verbs, probe: str
    ) -> None:
        super().__init__(connection, reporter.changed, timeout)
        self._moved = reporter.moved
        self._demoted = reporter.demoted
        self._verbs = verbs
        self._probe = probe
        self._unproven: str | None = None
        self._waiting: list[Publication] = []
        self._under_way: deque[Publication | Command] = deque()
        self._pending_bytes = 0

    async def publish(self, topic: str, frame: bytes) -> None:
        """Returns when the server has accepted it. LayerUnavailable: it did not within `timeout` seconds, or is
        down."""
        publication = self._enqueue(topic, frame)
        try:
            async with asyncio.timeout(self._timeout):
                problem = await publication.answer
        except TimeoutError:
            raise LayerUnavailable("the server did not answer in time") from None
        if problem is not None:
            raise LayerUnavailable(problem)

    def _enqueue(self, topic: str, frame: bytes) -> Publication:
        # Known to be down: the caller does not wait. The link notices by itself when the server is back.
        if self.problem is not None and not self._answering:
            raise LayerUnavailable(self.problem)
        publication = Publication(topic, frame, asyncio.get_running_loop().create_future())
        if self._pending_bytes + publication.weight > MAX_PENDING_BYTES:
            raise LayerUnavailable("too much is waiting for the server")
        self._waiting.append(publication)
        self._pending_bytes += publication.weight
        self._wake.set()
        return publication

    def _fresh(self) -> None:
        """Publications of the old connection have ended with it."""
        self._unproven = self._unproven or self._probe

    def _outgoing(self) -> list[Command]:
        batch, self._waiting = self._waiting, []
        self._under_way.extend(batch)
        return [(self._verbs.publish, each.topic, each.frame) for each in batch]

    def _check(self) -> list[Command]:
        self._refusal = None
        questions = [ROLE] if self._verbs.asks_role else []
        if self._unproven is not None:
            questions.append((self._verbs.publish, self._unproven, b""))
        self._under_way.extend(questions)
        commands = [*questions, *self._outgoing(), PING]
        self._under_way.append(PING)
        return commands

    def _heard(self, reply: Any) -> None:
        if not self._under_way:
            raise no_redis()
        asked = self._under_way.popleft()
        if isinstance(asked, Publication):
            self._pending_bytes -= asked.weight
            asked.settle(None if isinstance(reply, int) else self._refused(asked.topic, reply))
        elif asked == PING:
            if reply != b"PONG":
                raise reply if isinstance(reply, ResponseError) else no_redis()
            self._passed()
        elif asked == ROLE:
            self._check_role(reply)
        else:
            self._prove(reply)

    def _refused(self, topic: str, reply: Any) -> str:
        """Why this publication failed. InvalidResponse: the server is not a Redis."""
        if isinstance(reply, ELSEWHERE):
            self._moved(topic)
            return "the group is moving to another node"
        if isinstance(reply, NoPermissionError):
            self._unproven = topic
            return self._refuse("publish", reply)
        if isinstance(reply, ResponseError):
            return str(reply)
        raise no_redis()

    def _prove(self, reply: Any) -> None:
        """A cluster node that redirects has granted the permission."""
        if isinstance(reply, (int, *ELSEWHERE)):
            self._unproven = None
        elif isinstance(reply, NoPermissionError):
            self._refuse("publish", reply)
        else:
            raise reply if isinstance(reply, ResponseError) else no_redis()

    def _check_role(self, reply: Any) -> None:
        try:
            check_role(reply)
        except NotTheMaster as error:
            self._demoted(str(error))
            raise

    def _lost(self, problem: str) -> None:
        for asked in (*self._under_way, *self._waiting):
            if isinstance(asked, Publication):
                asked.settle(problem)
        self._under_way.clear()
        self._waiting = []
        self._pending_bytes = 0
