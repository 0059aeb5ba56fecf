"""One transaction and its events: what is published is said after the COMMIT, in the order of the commits.

`await work.write(messages.post, actor, ...)` runs a verb in the database's writer thread. A verb must be a plain
function of its transaction: it may be run again from the start when it shared a transaction with one that failed.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from webapp.channel_layer import ChannelLayer, LayerUnavailable
from webapp.domain.events import Event
from webapp.store.database import Database

log = logging.getLogger("tertulia.events")
P = ParamSpec("P")
T = TypeVar("T")
UNTOLD = 10_000


class Transaction:
    """What a verb is given: the connection, the moment (microseconds since 1970), and a place for its events."""

    __slots__ = ("connection", "events", "now")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.now = time.time_ns() // 1000
        self.events: list[Event] = []

    def publish(self, event: Event) -> None:
        self.events.append(event)


class Publisher:
    """Tells the channel layer, one event after the other, so that nobody who posts ever waits for Redis.

    An event the layer does not take is given to `fallback` (this process's own sockets); other processes find out
    in their sweep. The queue is bounded: beyond it the oldest is left to the sweep as well.
    """

    def __init__(self, layer: ChannelLayer) -> None:
        self.layer = layer
        self.fallback: Callable[[Event], None] = lambda event: None
        self.events: deque[Event] = deque(maxlen=UNTOLD)
        self.waiting = asyncio.Event()
        self.idle = asyncio.Event()
        self.idle.set()
        self.task = asyncio.create_task(self._run(), name="publisher")

    def tell(self, events: list[Event]) -> None:
        self.events.extend(events)
        self.idle.clear()
        self.waiting.set()

    async def close(self) -> None:
        """Say what is left to say, for at most five seconds."""
        try:
            await asyncio.wait_for(self.idle.wait(), 5)
        except TimeoutError:
            log.warning("%d events were not published; the sweeps will find their changes", len(self.events))
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self.waiting.wait()
            while self.events:
                await self._say(self.events.popleft())
            self.waiting.clear()
            self.idle.set()

    async def _say(self, event: Event) -> None:
        if self.layer.connected:
            try:
                await self.layer.group_send(event.group, event.values)
                return
            except LayerUnavailable as error:
                log.warning("not told to other processes, in %s: %s", event.group, error)
                return  # the members in this process have it even so
            except Exception:  # an event that no layer takes must not end the telling of all others
                log.exception("not published to %s", event.group)
        self.fallback(event)


class UnitOfWork:
    """Runs verbs in the database's threads and publishes what they collected."""

    def __init__(self, database: Database, publisher: Publisher) -> None:
        self.database = database
        self.publisher = publisher

    async def write(self, verb: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The verb's result, once it is committed and on its way to be told."""
        events: list[Event] = []

        def run(connection: Connection) -> T:
            transaction = Transaction(connection)
            result = verb(transaction, *args, **kwargs)
            events[:] = transaction.events
            return result

        return await self.database.write(run, lambda: self.publisher.tell(events))  # type: ignore[no-any-return]

    async def read(self, verb: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The verb's result, from one snapshot of the database."""
        return await self.database.read(lambda connection: verb(Transaction(connection), *args, **kwargs))  # type: ignore[no-any-return]


def values_of(record: Any) -> list[Any]:
    """A record as plain values, in the order of its fields."""
    return [getattr(record, name) for name in record.__slots__]
