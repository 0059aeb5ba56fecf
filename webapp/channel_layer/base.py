"""The contract of a channel layer, apart from any implementation.

It promises:

- **At most once.** A message is delivered to a channel once or not at all, never twice.
- **Order per sender.** What one process sends, by `send` and `group_send` alike, reaches each channel in the order
  of the calls. Between two senders nothing is promised. On a Redis Cluster it holds within each group, and within what
  is sent to single channels, while their slots stay with their nodes.
- **Capacity per channel.** A channel holds up to `capacity` messages that nobody has taken, of 8 MiB together. A full
  one misses what comes next and keeps what it has; no other channel is touched by it, however great the burst.
- **A prompt reader keeps up.** A send gives the event loop a turn when a channel is half full, and so does what comes
  from other processes. A reader that takes all there is whenever it runs misses nothing of a burst, unless more than
  `capacity` sends are begun in one turn of the loop.
- **Membership for life.** A channel is in its groups until `group_discard`, `close_channel`, `flush` or `close`.
  No time, no expired message, no lost connection takes it out.
- **A cancelled `receive` loses nothing.** The next one gets the message.
- **Isolation.** Each receiver gets a copy of its own: what one does to it, no other sees. What cannot travel unchanged
  (a key that is no text, NaN, bytes) is refused.
- **Everything is bounded**, in memory and in time: no call waits for a server for more than about a second.
- **Nobody else's word.** With `keys`, whoever can write to the server can keep messages from arriving, and no more:
  what was not signed with one of them, was signed for another group or channel, or was heard before, is refused.
- **Linear cost.** `group_send` costs one encoding, and one append per member in this process.

It does not promise:

- **Delivery.** A message is lost if a process dies, the server is away, or the channel is full. Whoever must not miss
  anything numbers its messages, sees the gap, and reads its store (`dropped` counts what a full channel missed).
- **That an absent channel is noticed.** A message to a channel that is closed, or never was, is dropped in silence.
- **Channels for others to read.** A channel is read, and put into groups, only by the process that made it.
- **Channels that end by themselves.** A channel and what waits in it stay until `close_channel` or `close`, whether or
  not anybody reads: use `async with layer.channel() as name`, or call `close_channel` in a `finally`.
- **That clocks may differ.** With `keys`, hosts whose clocks are more than a minute apart do not hear each other.
- **Durability, history, patterns, acknowledgement.**

One layer object belongs to one process and one event loop, those of its first call: WrongLoop anywhere else. When that
loop has been closed, the first such call also frees every channel.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from webapp.channel_layer.messages import Message

Watcher = Callable[[bool], None]
"""Told each change of `connected`, in the event loop; must not block."""


class ChannelLayer(ABC):
    """Names are ASCII letters, digits, `-`, `_`, `.`, under 100 characters: TypeError otherwise, in every method.

    After `close`, everything raises LayerClosed but `group_discard`, `close_channel`, `flush` and `close`, which are
    quiet so that a `finally` may always call them.
    """

    capacity: int
    """Messages that one channel holds."""
    expiry: float
    """Seconds after which a message that was sent to one channel, and not taken, is not delivered any more. Group
    messages do not expire."""

    @property
    @abstractmethod
    def connected(self) -> bool:
        """Whether this process reaches the others, and they this one."""

    @property
    @abstractmethod
    def problem(self) -> str | None:
        """Why not, in one short line without credentials, or None: for the log."""

    @abstractmethod
    def watch(self, watcher: Watcher) -> None:
        """Calls `watcher(connected)` at each change: False when the server is lost, True when it is back.

        At True every group is subscribed again, but what was sent in between is gone: check your cursors. The first
        connection is such a change too. `close` is not.
        """

    @abstractmethod
    async def new_channel(self, prefix: str = "specific") -> str:
        """A new empty channel of this process. Its name begins with `prefix` and is never used again, by any.

        It is there until `close_channel`: see `channel`."""

    @asynccontextmanager
    async def channel(self, prefix: str = "specific") -> AsyncIterator[str]:
        """A new channel for as long as a block runs; it is closed however that ends."""
        channel = await self.new_channel(prefix)
        try:
            yield channel
        finally:
            await self.close_channel(channel)

    @abstractmethod
    async def close_channel(self, channel: str) -> None:
        """Its owner is done: out of every group, its messages freed, a waiting `receive` ends with ChannelClosed.

        Nothing else frees a channel of a layer that is open. No error if it is not there."""

    @abstractmethod
    async def send(self, channel: str, message: Message) -> None:
        """Puts `message` into `channel`, of this process or another.

        ChannelFull: at capacity. Only for a channel of this process; another's is full without our knowing.
        LayerUnavailable: another process's channel, and the server did not take it within about a second.
        TypeError, ValueError: no message, see `messages.encode`.
        """

    @abstractmethod
    async def receive(self, channel: str) -> Message:
        """The next message, in order; waits for it as long as it takes. One reader at a time (RuntimeError).

        ChannelClosed: the channel is not open here. LayerClosed: the layer ended. Both also end a wait.
        """

    @abstractmethod
    def dropped(self, channel: str) -> int:
        """How many messages `channel` was too full to take since it was made. ChannelClosed: it is not open here."""

    @abstractmethod
    async def group_add(self, group: str, channel: str) -> None:
        """Puts a channel of this process into `group`; twice is once. What is sent after this returns is delivered.

        With the server away or slow it returns all the same, within about a second: the group is joined when the
        connection is back, and `watch` tells. ChannelClosed: the channel is not open here. LayerClosed: the layer is
        closed. Both also end a wait.
        """

    @abstractmethod
    async def group_discard(self, group: str, channel: str) -> None:
        """Takes `channel` out of `group`. No error if it was not in it."""

    @abstractmethod
    async def group_send(self, group: str, message: Message) -> None:
        """Offers `message` to every channel of `group`, in all processes. A full one misses it, without an error.

        LayerUnavailable: the server did not take it within about a second, or is known to be away (then at once).
        The members in this process have it even so.
        """

    @abstractmethod
    async def flush(self) -> None:
        """Takes every message out of this process's channels, and these out of every group. The channels stay."""

    @abstractmethod
    async def close(self) -> None:
        """Ends everything: connections, groups, channels. A waiting `receive` raises LayerClosed. Twice is once."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
