"""The connection that receives from other processes."""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Any

from redis.exceptions import MovedError, NoPermissionError, ResponseError

from .connection import ELSEWHERE, Command, RedisConnection
from .link import Link
from .reporter import Reporter
from .slots import slot_of
from .verbs import PING, ROLE, Verbs, check_role, no_redis

Confirmation = asyncio.Future[None]


@dataclass(frozen=True, slots=True)
class Wish:
    """Subscribe to `topic`, or unsubscribe: then `confirmed` is None, because nothing waits for that reply."""

    topic: str
    confirmed: Confirmation | None = None


class Subscriber(Link):
    """Keeps the wanted topics subscribed on every new connection.

    The link is up when every topic is confirmed: replies come in the order of the commands, so the reply to the first
    PING shows it. The reporter must not block.
    """

    def __init__(self, connection: RedisConnection, reporter: Reporter, timeout: float, verbs: Verbs) -> None:
        super().__init__(connection, reporter.changed, timeout)
        self._reporter = reporter
        self._arrived = reporter.arrived
        self._verbs = verbs
        self._message = verbs.message
        self._topics: dict[str, Confirmation] = {}
        self._wishes: list[Wish] = []
        self._unanswered: deque[Wish] = deque()
        self._talking = False
        self._asks_role = False
        self._forbidden: set[str] = set()

    def want(self, topic: str) -> None:
        """Subscribes, now or as soon as there is a connection; a second call changes nothing."""
        if topic not in self._topics:
            self._topics[topic] = asyncio.get_running_loop().create_future()
            self._wish(Wish(topic, self._topics[topic]))

    async def stop(self, reason: str) -> None:
        """Also ends the waits for confirmations."""
        await super().stop(reason)
        for confirmed in self._topics.values():
            confirmed.cancel()

    def drop(self, topic: str) -> None:
        """Unsubscribes, without waiting for it."""
        confirmed = self._topics.pop(topic, None)
        if confirmed is not None:
            confirmed.cancel()
            self._forbidden.discard(topic)
            self._wish(Wish(topic))

    async def confirmation(self, topic: str) -> None:
        """Waits until the server has confirmed `topic`, at most `timeout`; not at all while it is known to be down."""
        confirmed = self._topics.get(topic)
        away = self.problem is not None and not self._answering
        if confirmed is not None and not away and topic not in self._forbidden and not confirmed.done():
            await asyncio.wait([confirmed], timeout=self._timeout)

    def _wish(self, wish: Wish) -> None:
        # Without a connection nothing is queued: the next one starts with the topics wanted by then.
        if self._talking:
            self._wishes.append(wish)
            self._wake.set()

    def _fresh(self) -> None:
        self._talking = True
        self._asks_role = self._verbs.asks_role
        self._forbidden.clear()
        self._wishes = [Wish(topic, confirmed) for topic, confirmed in self._topics.items()]

    def _check(self) -> list[Command]:
        """Asks for the server's role before the first topic: a subscribed RESP2 connection cannot."""
        self._refusal = None
        self._wishes += [Wish(topic, self._topics[topic]) for topic in self._forbidden]
        self._forbidden.clear()
        return [*([ROLE] if self._asks_role else []), *self._outgoing(), PING]

    def _outgoing(self) -> list[Command]:
        wishes, self._wishes = self._wishes, []
        self._unanswered.extend(wishes)
        verbs = self._verbs
        return [(verbs.subscribe if wish.confirmed else verbs.unsubscribe, wish.topic) for wish in wishes]

    def _heard(self, reply: Any) -> None:
        if isinstance(reply, list) and reply[0] == self._message:
            if self._arrived(reply[1], reply[2]):
                self._give_a_turn()
        else:
            self._answered(reply)

    def _answered(self, reply: Any) -> None:
        if self._asks_role:  # the first reply of a connection
            self._asks_role = False
            check_role(reply)
        elif isinstance(reply, ResponseError):
            self._refused(reply)
        elif reply == b"PONG":  # a list only while something is subscribed
            self._passed()
        elif not isinstance(reply, list):
            raise no_redis()
        elif reply[0] == self._verbs.subscribed and self._unanswered:
            self._confirm(self._unanswered.popleft())
        elif reply[0] == b"pong":
            self._passed()
        elif reply[0] == self._verbs.unsubscribed:
            self._ended(reply[1].decode("ascii"))
        else:
            raise no_redis()

    def _confirm(self, wish: Wish) -> None:
        """The future is cancelled if the topic was dropped meanwhile, done if an earlier connection confirmed it."""
        if wish.confirmed is not None and not wish.confirmed.done():
            wish.confirmed.set_result(None)
            self._reporter.heard(wish.topic)

    def _refused(self, error: ResponseError) -> None:
        """The user may not subscribe to the topic, or it belongs to another node."""
        if isinstance(error, NoPermissionError) and self._unanswered:
            wish = self._unanswered.popleft()
            if wish.confirmed is not None and not wish.confirmed.cancelled():
                self._forbidden.add(wish.topic)
                self._refuse("subscribe", error)
        elif isinstance(error, ELSEWHERE):
            self._disowned(error)
        else:
            raise error

    def _disowned(self, error: ResponseError) -> None:
        """May also be the late reply to an UNSUBSCRIBE that `_ended` counted as answered."""
        if not self._unanswered or (
            isinstance(error, MovedError) and error.slot_id != slot_of(self._unanswered[0].topic)
        ):
            return
        wish = self._unanswered.popleft()
        if wish.confirmed is not None and not wish.confirmed.cancelled():
            self._stray(wish.topic)

    def _ended(self, topic: str) -> None:
        """The reply to our own UNSUBSCRIBE, or a node's message that the topic's slot has left it."""
        if self._unanswered and self._unanswered[0] == Wish(topic):
            self._unanswered.popleft()
        elif topic in self._topics:
            self._stray(topic)

    def _stray(self, topic: str) -> None:
        confirmed = self._topics.pop(topic, None)
        if confirmed is not None:
            confirmed.cancel()
            self._forbidden.discard(topic)
            self._reporter.strayed(topic)

    def _lost(self, problem: str) -> None:
        """Waits for confirmations go on: the next connection may still be in time."""
        self._talking = False
        self._wishes = []
        self._unanswered.clear()
