"""The contract of a channel layer, independent of any implementation.

A layer promises:

- **At most once.** A message is delivered to a channel once or not at all, never twice.
- **Order per sender.** What one process sends, by `send` and `group_send` alike, reaches each channel in the order of
  the calls. Between two senders there is no order. On a Redis Cluster the order holds within each group, and within
  what is sent to single channels, while their slots stay on their nodes.
- **Capacity per channel.** A channel holds up to `capacity` unread messages, of 8 MiB together. A full channel drops
  new messages and keeps the old ones; other channels are not affected, however large the burst.
- **A prompt reader keeps up.** A send yields to the event loop when a channel becomes half full, and so does the
  delivery of other processes' messages. A reader that takes everything whenever it runs misses nothing of a burst,
  unless more than `capacity` sends start in one iteration of the loop.
- **Membership until it is ended.** A channel stays in its groups until `group_discard`, `close_channel`, `flush` or
  `close`. No timeout, expired message or lost connection removes it.
- **A cancelled `receive` loses nothing.** The next call returns the message.
- **Isolation.** Each receiver gets its own copy. Values that JSON would change or reject (a key that is not a str, NaN,
  bytes) are refused.
- **Everything is bounded**, in memory and in time: no call waits longer than about a second for a server.
- **Authenticity.** With `keys`, someone who can write to the server can suppress messages and nothing else: what is
  not signed with one of the keys, is signed for another group or channel, or was received before, is refused.
- **Linear cost.** `group_send` costs one encoding, and one append per member in this process.

It does not promise:

- **Delivery.** A message is lost if a process dies, the server is down, or the channel is full. Number the messages
  that must not be missed, and on a gap read the database (`dropped` counts what a full channel missed).
- **Errors for absent channels.** A message to a channel that is closed or never existed is dropped silently.
- **Shared channels.** Only the process that created a channel reads it and adds it to groups.
- **Channels that close by themselves.** A channel and its messages stay until `close_channel` or `close`, read or not:
  use `async with layer.subscribe(...)` or `layer.channel()`, or call `close_channel` in a `finally`.
- **Tolerance for wrong clocks.** With `keys`, hosts whose clocks differ by more than a minute refuse each other's
  messages.
- **Durability, history, patterns, acknowledgement.**

A layer object belongs to one process and one event loop, those of its first call; elsewhere it raises WrongLoop. Once
that loop is closed, the first such call also frees every channel.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from .messages import Message

Watcher = Callable[[bool], None]
"""Called in the event loop at each change of `connected`; must not block."""


class Subscription:
    """The messages of one channel as an async iterator, oldest first; see `ChannelLayer.subscribe`.

    `channel` is the channel's name, for `send`, `group_add` and `group_discard`. The iteration does not end by itself:
    like `receive` it raises LayerClosed when the layer is closed, ChannelClosed after the `async with` block,
    RuntimeError for a second reader at the same time.
    """

    def __init__(self, layer: "ChannelLayer", channel: str) -> None:
        self.channel = channel
        self._layer = layer

    @property
    def dropped(self) -> int:
        """How many messages the channel missed because it was full. ChannelClosed: after the block."""
        return self._layer.dropped(self.channel)

    def __aiter__(self) -> Self:
        return self

    def __anext__(self) -> Awaitable[Message]:
        return self._layer.receive(self.channel)


class ChannelLayer(ABC):
    """Names are ASCII letters, digits, `-`, `_`, `.`, at most 99 characters; every method raises TypeError for others.

    After `close` every method raises LayerClosed, except `group_discard`, `close_channel`, `flush` and `close`, which
    do nothing, so that a `finally` can always call them.
    """

    capacity: int
    """Messages that one channel holds."""
    expiry: float
    """Seconds after which an unread message that was sent to a single channel is no longer delivered. Group messages do
    not expire."""

    @property
    @abstractmethod
    def connected(self) -> bool:
        """Whether messages reach the other processes and theirs reach this one."""

    @property
    @abstractmethod
    def problem(self) -> str | None:
        """Why `connected` is False: one short line without credentials, for logs. None: no failure is known."""

    @abstractmethod
    def watch(self, watcher: Watcher) -> None:
        """Calls `watcher(connected)` at each change: False when the server is lost, True when it is back.

        At True every group is subscribed again, but what was sent in between is lost: compare revisions with the
        database. The first connection is reported too, `close` is not.
        """

    @abstractmethod
    async def new_channel(self, prefix: str = "specific") -> str:
        """Creates an empty channel in this process. Its name begins with `prefix` and is unique for all time.

        It stays open until `close_channel`; `channel` and `subscribe` close it for you. LayerClosed.
        """

    @asynccontextmanager
    async def channel(self, prefix: str = "specific") -> AsyncIterator[str]:
        """A new channel, closed when the block ends, also by an exception or a cancellation."""
        channel = await self.new_channel(prefix)
        try:
            yield channel
        finally:
            await self.close_channel(channel)

    @asynccontextmanager
    async def subscribe(self, *groups: str) -> AsyncIterator[Subscription]:
        """`async with layer.subscribe("room.7", "room.8") as events: async for event in events: ...`

        One new channel that is in all `groups` when the block begins (what is sent from then on is received) and is
        closed when it ends, also by an exception or a cancellation. With the server down or slow the block begins
        within about a second all the same, as for `group_add`. The channel has the layer's `capacity`: when it is full,
        new events are dropped, the old ones stay, and `events.dropped` counts. LayerClosed.
        """
        async with self.channel() as channel:
            await asyncio.gather(*(self.group_add(group, channel) for group in groups))
            yield Subscription(self, channel)

    @abstractmethod
    async def close_channel(self, channel: str) -> None:
        """Removes the channel from all groups and frees its messages; a waiting `receive` raises ChannelClosed.

        Nothing else frees a channel of an open layer. Does nothing if the channel is not open here.
        """

    @abstractmethod
    async def send(self, channel: str, message: Message) -> None:
        """Sends `message` to `channel`, of this process or another.

        ChannelFull: at capacity (only for a channel of this process; a full one elsewhere drops the message).
        LayerUnavailable: for a channel of another process, the server did not accept it within about a second.
        TypeError, ValueError: not a valid message, see `messages.encode`. LayerClosed.
        """

    @abstractmethod
    async def receive(self, channel: str) -> Message:
        """Returns the next message, in order; waits without limit. One reader at a time: RuntimeError otherwise.

        ChannelClosed: the channel is not open here. LayerClosed: the layer is closed. Both also end a wait.
        """

    @abstractmethod
    def dropped(self, channel: str) -> int:
        """How many messages `channel` has missed because it was full. ChannelClosed: it is not open here."""

    @abstractmethod
    async def group_add(self, group: str, channel: str) -> None:
        """Adds a channel of this process to `group`; adding twice is adding once. What is sent after this returns is
        delivered.

        With the server down or slow it returns all the same, within about a second: the group is subscribed when the
        connection is back, which `watch` reports. ChannelClosed: the channel is not open here. LayerClosed: the layer
        is closed. Both also end a wait.
        """

    @abstractmethod
    async def group_discard(self, group: str, channel: str) -> None:
        """Removes `channel` from `group`. Does nothing if it is not a member."""

    @abstractmethod
    async def group_send(self, group: str, message: Message) -> None:
        """Sends `message` to every channel of `group`, in all processes. A full member misses it, without an error.

        LayerUnavailable: the server did not accept it within about a second, or is known to be down (raised at once).
        The members in this process have received it even so. TypeError, ValueError: not a valid message, see
        `messages.encode`. LayerClosed.
        """

    @abstractmethod
    async def flush(self) -> None:
        """Deletes all messages in this process's channels and removes these from all groups. The channels stay open."""

    @abstractmethod
    async def close(self) -> None:
        """Closes connections, groups and channels. A waiting `receive` raises LayerClosed. Closing twice is allowed."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
