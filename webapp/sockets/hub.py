"""The groups that this process listens to: one channel of the layer for each, and its listeners."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from webapp.channel_layer import ChannelClosed, ChannelLayer, LayerClosed
from webapp.domain.events import Event
from webapp.sockets.dispatch import Dispatcher, Listener


class Subscription:
    """A group's channel, and who listens to its events."""

    def __init__(self, group: str, channel: str) -> None:
        self.group = group
        self.channel = channel
        self.listeners: set[Listener] = set()
        self.listening: asyncio.Task[None] | None = None


class Hub:
    """Used from one event loop. What it opens, `close` ends."""

    def __init__(self, layer: ChannelLayer) -> None:
        self.layer = layer
        self.dispatcher = Dispatcher()
        self.subscriptions: dict[str, Subscription] = {}
        self.background: set[asyncio.Task[None]] = set()

    async def subscribe(self, group: str, *listeners: Listener) -> None:
        """From the return of this on, the group's events call the handlers of these."""
        subscription = self.subscriptions.get(group)
        if subscription is None:
            channel = await self.layer.new_channel()
            subscription = self.subscriptions.get(group) or self._listen(group, channel)
        subscription.listeners.update(listeners)
        await self.layer.group_add(group, subscription.channel)

    def _listen(self, group: str, channel: str) -> Subscription:
        subscription = self.subscriptions[group] = Subscription(group, channel)
        subscription.listening = asyncio.create_task(self._receive(subscription), name=f"listen-{group}")
        return subscription

    async def _receive(self, subscription: Subscription) -> None:
        while True:
            try:
                event = await self.layer.receive(subscription.channel)
            except (ChannelClosed, LayerClosed):
                return
            self.dispatcher.dispatch(event, subscription.listeners, subscription.group)

    def unsubscribe(self, group: str, *listeners: Listener) -> None:
        """With the last listener the process leaves the group."""
        subscription = self.subscriptions.get(group)
        if subscription is None:
            return
        subscription.listeners.difference_update(listeners)
        if not subscription.listeners:
            del self.subscriptions[group]
            self._spawn(self._leave(subscription))

    async def _leave(self, subscription: Subscription) -> None:
        if subscription.listening is not None:
            subscription.listening.cancel()
        await self.layer.close_channel(subscription.channel)

    def deliver(self, event: Event) -> None:
        """An event that the channel layer did not take: this process's own sockets hear it all the same."""
        if subscription := self.subscriptions.get(event.group):
            self.dispatcher.dispatch(event.values, subscription.listeners, event.group)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self.background.add(task)
        task.add_done_callback(self.background.discard)

    async def close(self) -> None:
        tasks = [each.listening for each in self.subscriptions.values() if each.listening is not None]
        for task in (*tasks, *self.background):
            task.cancel()
        await asyncio.gather(*tasks, *self.background, return_exceptions=True)
