"""The channels of this process and the groups they are in."""

import asyncio
import itertools
import logging
import os
import secrets
from collections.abc import Callable
from functools import cached_property

from webapp.channel_layer.errors import ChannelClosed, ChannelFull, LayerClosed, WrongLoop
from webapp.channel_layer.mailbox import CROWDED, REFUSED, Mailbox
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
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0

    @cached_property
    def process(self) -> str:
        """This process's name in the name of each of its channels: 16 hex digits.

        Drawn at first use, not when the object is made: a server that forks after making it must not give all its
        workers one name.
        """
        return secrets.token_hex(8)

    def enter(self) -> None:
        """Begins a call. The first one says which loop and process the layer belongs to. LayerClosed, WrongLoop."""
        if self.closed:
            raise LayerClosed
        try:
            if self._loop is not asyncio.get_running_loop():
                self._bind()
        except RuntimeError:  # there is none to a process that was forked inside it
            self.check_process()
            raise

    def check_process(self) -> None:
        """WrongLoop in a fork that runs the same loop on. A system call: where a call does more than pass on."""
        if self._pid not in (0, os.getpid()):
            raise WrongLoop(f"process {self._pid}, and this is its fork {os.getpid()}")

    def check_loop(self) -> None:
        """WrongLoop. For calls that are quiet on a layer that is closed, or that nobody has used."""
        if not self.closed and self._loop is not None:
            self.check_process()
            self.enter()

    def _bind(self) -> None:
        self.check_process()
        if self._loop is None:
            self._loop, self._pid = asyncio.get_running_loop(), os.getpid()
            return
        if self._loop.is_closed():  # nobody can read any more what waits
            self._mailboxes.clear()
            self._members.clear()
        raise WrongLoop("another event loop")

    def open(self, prefix: str) -> str:
        """The name of a new channel: prefix, process, number."""
        self.enter()
        self.check_process()
        check_name(prefix)
        channel = f"{prefix}.{self.process}.{next(self._numbers)}"
        check_name(channel)
        self._mailboxes[channel] = Mailbox(self._capacity, self._clock)
        return channel

    def mailbox(self, channel: str) -> Mailbox:
        mailbox = self._mailboxes.get(channel)
        if mailbox is not None:
            return mailbox
        check_name(channel)
        if self.closed:
            raise LayerClosed
        raise ChannelClosed(channel)

    async def receive(self, channel: str) -> Message:
        self.enter()
        mailbox = self.mailbox(channel)
        while True:
            payload = mailbox.take()
            if payload is None:
                self.check_process()
                await mailbox.arrival()
                continue
            try:
                return decode(payload)
            except (ValueError, RecursionError):
                # Whoever can reach the server can publish rubbish; it must not end the reader.
                self._sparse_log.warning(
                    "no message", "channel %s: skipped %d bytes that are no message", channel, len(payload)
                )

    # Each says whether a mailbox has become half full: then its reader gets a turn of the loop, or a prompt one would
    # miss part of a burst. For one that stays full there is none: its reader is not prompt.

    def put(self, channel: str, payload: bytes) -> bool:
        """ChannelFull at capacity; nothing if there is no such channel (any more)."""
        mailbox = self._mailboxes.get(channel)
        if mailbox is None:
            return False
        offer = mailbox.offer(payload, self._clock() + self._expiry)
        if offer is REFUSED:
            raise ChannelFull(channel)
        return offer is CROWDED

    def post(self, channel: str, payload: bytes) -> bool:
        """Like `put`, for what another process sent: there is nobody here to tell that the channel is full."""
        mailbox = self._mailboxes.get(channel)
        return mailbox is not None and mailbox.offer(payload, self._clock() + self._expiry) is CROWDED

    def deliver(self, group: str, payload: bytes) -> bool:
        crowded = False
        members = self._members.get(group)
        if members is None:
            check_name(group)
            return False
        for mailbox in members.values():
            if mailbox.offer(payload) is CROWDED:
                crowded = True
        return crowded

    def join(self, group: str, channel: str) -> None:
        self.enter()
        self.check_process()
        check_name(group)
        mailbox = self.mailbox(channel)
        mailbox.groups.add(group)
        self._members.setdefault(group, {})[channel] = mailbox

    def leave(self, group: str, channel: str) -> bool:
        """Whether that was the last of this process in `group`."""
        self.check_loop()
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
        self.check_loop()
        check_name(channel)
        mailbox = self._mailboxes.pop(channel, None)
        if mailbox is None:
            return []
        emptied = [group for group in sorted(mailbox.groups) if self.leave(group, channel)]
        mailbox.close(ChannelClosed(channel))
        return emptied

    def clear(self) -> list[str]:
        """No messages, no groups; the groups that there were."""
        self.check_loop()
        groups = list(self._members)
        self._members.clear()
        for mailbox in self._mailboxes.values():
            mailbox.groups.clear()
            mailbox.clear()
        return groups

    def close(self) -> None:
        self.clear()
        self.closed = True
        for mailbox in self._mailboxes.values():
            mailbox.close(LayerClosed())
        self._mailboxes.clear()
