"""Publishes committed events to the channel layer, in the order of the commits."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from webapp.channel_layer import ChannelLayer, LayerUnavailable
from webapp.domain.events import BELL_GROUP, Event
from webapp.services.bell import Bell

log = logging.getLogger("tertulia.events")
UNTOLD = 10_000


class Publisher:
    """Sends events one by one in a task of its own, so that no post waits for Redis.

    An event that the layer does not take goes to `fallback` (this process's own sockets); the sweep of other processes
    finds its change. The queue is bounded: beyond it the oldest events are dropped, and left to the sweep as well.
    """

    def __init__(self, layer: ChannelLayer) -> None:
        self.layer = layer
        self.fallback: Callable[[Event], None] = lambda event: None
        self.events: deque[Event] = deque(maxlen=UNTOLD)
        self.bell = Bell(self._queue)
        self.waiting = asyncio.Event()
        self.idle = asyncio.Event()
        self.idle.set()
        self.task = asyncio.create_task(self._run(), name="publisher")

    def tell(self, events: list[Event]) -> None:
        """Queue the events. Returns at once."""
        self._queue([each for each in events if each.group != BELL_GROUP or not self.bell.takes(each)])

    def _queue(self, events: list[Event]) -> None:
        self.events.extend(events)
        self.idle.clear()
        self.waiting.set()

    async def close(self) -> None:
        """Publish what is queued, for at most five seconds."""
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
                return  # the layer has given it to this process
            except Exception:  # one bad event must not stop the task that publishes all others
                log.exception("not published to %s", event.group)
        self.fallback(event)
