"""The channels of this process and the groups they are in."""

import itertools
import logging
import secrets
from collections.abc import Callable
from functools import cached_property

from webapp.channel_layer.errors import ChannelClosed, ChannelFull, LayerClosed
from webapp.channel_layer.mailbox import Mailbox
from webapp.channel_layer.messages import Message, check_name, decode
from webapp.channel_layer.sparse_log import SparseLog

logger = logging.getLogger(__name__)


class LocalChannels:
    """Knows no server: both back ends keep their own end of things here."""

    def __init__(self, capacity: int, expiry: float, clock: Callable[[], float]) -> None:
        if capacity < 1 or expiry <= 0:
            raise ValueError("a channel holds at least one message, and for some time")
        self.closed = False
        self._capacity = capacity
        self._expiry = expiry
        self._clock = clock
        self._sparse_log = SparseLog(logger)
        self._numbers = itertools.count(1)
        self._mailboxes: dict[str, Mailbox] = {}
        self._members: dict[str, dict[str, Mailbox]] = {}

    @cached_property
    def process(self) -> str:
        """This process's name in the name of each of its channels: 16 hex digits.

        Drawn at first use, not when the object is made: a server that forks after making it must not give all its
        workers one name.
        """
        return secrets.token_hex(8)

    def check_open(self) -> None:
        if self.closed:
            raise LayerClosed

    def open(self, prefix: str) -> str:
        """The name of a new channel: prefix, process, number."""
        self.check_open()
        check_name(prefix)
        channel = f"{prefix}.{self.process}.{next(self._numbers)}"
        check_name(channel)
        self._mailboxes[channel] = Mailbox(self._capacity, self._clock)
        return channel

    def mailbox(self, channel: str) -> Mailbox:
        check_name(channel)
        self.check_open()
        try:
            return self._mailboxes[channel]
        except KeyError:
            raise ChannelClosed(channel) from None

    async def receive(self, channel: str) -> Message:
        mailbox = self.mailbox(channel)
        while True:
            payload = await mailbox.take()
            try:
                return decode(payload)
            except (ValueError, RecursionError):
                # Whoever can reach the server can publish rubbish; it must not end the reader.
                self._sparse_log.warning(
                    "no message", "channel %s: skipped %d bytes that are no message", channel, len(payload)
                )

    def put(self, channel: str, payload: bytes) -> None:
        """ChannelFull at capacity; nothing if there is no such channel (any more)."""
        mailbox = self._mailboxes.get(channel)
        if mailbox is not None and not mailbox.offer(payload, self._clock() + self._expiry):
            raise ChannelFull(channel)

    def post(self, channel: str, payload: bytes) -> None:
        """Like `put`, for what another process sent: there is nobody here to tell that the channel is full."""
        mailbox = self._mailboxes.get(channel)
        if mailbox is not None:
            mailbox.offer(payload, self._clock() + self._expiry)

    def deliver(self, group: str, payload: bytes) -> None:
        for mailbox in self._members.get(group, {}).values():
            mailbox.offer(payload)

    def join(self, group: str, channel: str) -> None:
        check_name(group)
        mailbox = self.mailbox(channel)
        mailbox.groups.add(group)
        self._members.setdefault(group, {})[channel] = mailbox

    def leave(self, group: str, channel: str) -> bool:
        """Whether that was the last of this process in `group`."""
        check_name(group)
        check_name(channel)
        members = self._members.get(group, {})
        if channel not in members:
            return False
        members.pop(channel).groups.discard(group)
        if members:
            return False
        del self._members[group]
        return True

    def forget(self, channel: str) -> list[str]:
        """Ends a channel; the groups that have no channel of this process any more."""
        check_name(channel)
        mailbox = self._mailboxes.pop(channel, None)
        if mailbox is None:
            return []
        emptied = [group for group in sorted(mailbox.groups) if self.leave(group, channel)]
        mailbox.close(ChannelClosed(channel))
        return emptied

    def clear(self) -> list[str]:
        """No messages, no groups; the groups that there were."""
        groups = list(self._members)
        self._members.clear()
        for mailbox in self._mailboxes.values():
            mailbox.groups.clear()
            mailbox.clear()
        return groups

    def close(self) -> None:
        self.closed = True
        self.clear()
        for mailbox in self._mailboxes.values():
            mailbox.close(LayerClosed())
        self._mailboxes.clear()
