"""What the others tell this process."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from webapp.channel_layer.redis_connection import Command, RedisConnection
from webapp.channel_layer.redis_link import Link, no_redis

Confirmation = asyncio.Future[None]


@dataclass(frozen=True, slots=True)
class Wish:
    """A command to be written; `confirmed` is done when its reply is there. Nobody waits for an UNSUBSCRIBE's."""

    command: Command
    confirmed: Confirmation | None = None


class Subscriber(Link):
    """Holds the topics that this process wants, and has them subscribed whenever there is a connection.

    `arrived(topic, frame)` is called for each message, in order; it must not block. The link is up when the server has
    confirmed every topic: its replies come in the order of the commands, so the first PING's answer says so.
    """

    def __init__(
        self,
        connection: RedisConnection,
        changed: Callable[[], None],
        arrived: Callable[[bytes, bytes], None],
        timeout: float,
    ) -> None:
        super().__init__(connection, changed, timeout)
        self._arrived = arrived
        self._topics: dict[str, Confirmation] = {}
        self._wishes: list[Wish] = []
        self._unanswered: deque[Confirmation] = deque()
        self._talking = False

    def want(self, topic: str) -> None:
        """Subscribes, now or as soon as there is a connection."""
        if topic not in self._topics:
            confirmed = self._topics[topic] = asyncio.get_running_loop().create_future()
            self._wish(Wish(("SUBSCRIBE", topic), confirmed))

    def drop(self, topic: str) -> None:
        """Unsubscribes; does not wait for it."""
        confirmed = self._topics.pop(topic, None)
        if confirmed is not None:
            confirmed.cancel()
            self._wish(Wish(("UNSUBSCRIBE", topic)))

    async def confirmation(self, topic: str) -> None:
        """Until the server has confirmed `topic`: not at all while it is known to be away, `timeout` at the most."""
        confirmed = self._topics.get(topic)
        if confirmed is not None and self.problem is None and not confirmed.done():
            await asyncio.wait([confirmed], timeout=self._timeout)

    def _wish(self, wish: Wish) -> None:
        # Without a connection there is no list to grow: the next one begins with whatever is wanted by then.
        if self._talking:
            self._wishes.append(wish)
            self._wake.set()

    def _fresh(self) -> None:
        self._talking = True
        self._wishes = [Wish(("SUBSCRIBE", topic), confirmed) for topic, confirmed in self._topics.items()]

    def _outgoing(self) -> list[Command]:
        wishes, self._wishes = self._wishes, []
        self._unanswered.extend(wish.confirmed for wish in wishes if wish.confirmed is not None)
        return [wish.command for wish in wishes]

    def _heard(self, reply: Any) -> None:
        if not isinstance(reply, list):
            raise no_redis()
        kind = reply[0]
        if kind == b"message":
            self._arrived(reply[1], reply[2])
        elif kind == b"subscribe" and self._unanswered:
            confirm(self._unanswered.popleft())
        elif kind == b"pong":
            self._came_up()
        elif kind != b"unsubscribe":
            raise no_redis()

    def _lost(self, problem: str) -> None:
        """Who waits for a confirmation waits on: the next connection may still be in time."""
        self._talking = False
        self._wishes = []
        self._unanswered.clear()


def confirm(confirmed: Confirmation) -> None:
    """It is cancelled if the topic was dropped meanwhile, done if an earlier connection had it."""
    if not confirmed.done():
        confirmed.set_result(None)
