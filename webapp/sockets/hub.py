"""The sockets of this process by what they listen to: one channel for each group that anybody here wants."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from webapp.channel_layer import ChannelClosed, ChannelLayer, LayerClosed
from webapp.domain import history, rooms
from webapp.domain.events import Event, room_group
from webapp.domain.history import Changes
from webapp.services.unit_of_work import UnitOfWork
from webapp.sockets.attendance import Attendance, ReadHere
from webapp.sockets.connection import Connection
from webapp.sockets.dispatch import Dispatcher, Listener
from webapp.sockets.feed import Feed


class Subscription:
    """A group's channel, and who listens to its events."""

    def __init__(self, group: str, channel: str) -> None:
        self.group = group
        self.channel = channel
        self.listeners: set[Listener] = set()
        self.listening: asyncio.Task[None] | None = None


class Hub:
    """Used from one event loop. What it opens, `close` ends."""

    def __init__(self, layer: ChannelLayer, work: UnitOfWork, read_here: ReadHere) -> None:
        self.layer = layer
        self.work = work
        self.read_here = read_here
        self.dispatcher = Dispatcher()
        self.subscriptions: dict[str, Subscription] = {}
        self.opening: dict[str, asyncio.Future[Subscription]] = {}
        self.feeds: dict[int, Feed] = {}
        self.attendances: dict[int, Attendance] = {}
        self.starting: dict[int, asyncio.Task[Feed]] = {}
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

    async def feed(self, room_id: int) -> Feed:
        """The room's feed, started. Raises what reading the store raises."""
        if feed := self.feeds.get(room_id):
            return feed
        task = self.starting.get(room_id)
        if task is None:
            task = self.starting[room_id] = asyncio.create_task(self._start(room_id))
            task.add_done_callback(lambda _: self.starting.pop(room_id, None))
        return await asyncio.shield(task)

    async def _start(self, room_id: int) -> Feed:
        feed = Feed(room_id, self._changes, self.dispatcher.log)
        attendance = Attendance(room_id, self.read_here, feed.say)
        await self.subscribe(room_group(room_id), feed, attendance)
        try:
            heads = await self.work.read(rooms.heads, [room_id])
        except BaseException:
            self.unsubscribe(room_group(room_id), feed, attendance)
            raise
        feed.start(heads.get(room_id, 0))
        self.feeds[room_id] = feed
        self.attendances[room_id] = attendance
        return feed

    async def _changes(self, room_id: int, since: int) -> Changes:
        return await self.work.read(history.changes, room_id, since)

    async def join(self, room_id: int, connection: Connection, since: int) -> Feed:
        """Lead the connection from revision `since` into the room's feed."""
        feed = await self.feed(room_id)
        while self.feeds.get(room_id) is not feed:  # its last reader left before this one came
            feed = await self.feed(room_id)
        try:
            await feed.join(connection, since)
        except BaseException:
            self.release(feed)
            raise
        return feed

    def release(self, feed: Feed) -> None:
        """Let go of a feed that nobody is in any more."""
        if feed.empty and self.feeds.get(feed.room_id) is feed:
            del self.feeds[feed.room_id]
            self.unsubscribe(room_group(feed.room_id), feed, self.attendances.pop(feed.room_id))

    async def sweep(self) -> None:
        """Compare every feed with the store: one query, however many rooms. What was not told is found here."""
        if not self.feeds:
            return
        heads = await self.work.read(rooms.heads, list(self.feeds))
        for room_id, feed in tuple(self.feeds.items()):
            feed.check(heads.get(room_id, feed.cursor))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self.background.add(task)
        task.add_done_callback(self.background.discard)

    async def close(self) -> None:
        tasks = [each.listening for each in self.subscriptions.values() if each.listening is not None]
        for task in (*tasks, *self.background, *self.starting.values()):
            task.cancel()
        await asyncio.gather(*tasks, *self.background, *self.starting.values(), return_exceptions=True)
