"""The channels of this process and their groups."""

import asyncio
import itertools
import logging
import os
import secrets
from collections.abc import Callable
from functools import cached_property

from .errors import ChannelClosed, ChannelFull, LayerClosed, WrongLoop
from .mailbox import CROWDED, REFUSED, Mailbox
from .messages import Message, check_name, decode
from .sparse_log import SparseLog

logger = logging.getLogger(__name__)


class LocalChannels:
    """What both back ends share: mailboxes by channel, members by group. Knows no server.

    ValueError: `capacity` is below 1, or `expiry` not above 0.
    """

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
        """This process's part of its channels' names: 16 hex digits.

        Drawn at first use, not in the constructor: a server may fork after it, and every worker needs a name of its
        own.
        """
        return secrets.token_hex(8)

    def enter(self) -> None:
        """Starts a call. The first call binds the layer to its loop and process. LayerClosed, WrongLoop."""
        if self.closed:
            raise LayerClosed
        try:
            if self._loop is not asyncio.get_running_loop():
                self._bind()
        except RuntimeError:  # no running loop: perhaps a process that was forked inside it
            self.check_process()
            raise

    def check_process(self) -> None:
        """WrongLoop: in a fork that goes on running the same loop. Costs a system call, so the hot paths leave it
        out."""
        if self._pid not in (0, os.getpid()):
            raise WrongLoop(f"process {self._pid}, and this is its fork {os.getpid()}")

    def check_loop(self) -> None:
        """WrongLoop; for the calls that do nothing on a layer that is closed or unused."""
        if not self.closed and self._loop is not None:
            self.check_process()
            self.enter()

    def _bind(self) -> None:
        self.check_process()
        if self._loop is None:
            self._loop, self._pid = asyncio.get_running_loop(), os.getpid()
            return
        if self._loop.is_closed():  # nobody can read these any more
            self._mailboxes.clear()
            self._members.clear()
        raise WrongLoop("another event loop")

    def open(self, prefix: str) -> str:
        """Creates a channel and returns its name: prefix, process, number. TypeError, LayerClosed, WrongLoop."""
        self.enter()
        self.check_process()
        check_name(prefix)
        channel = f"{prefix}.{self.process}.{next(self._numbers)}"
        check_name(channel)
        self._mailboxes[channel] = Mailbox(self._capacity, self._clock)
        return channel

    def mailbox(self, channel: str) -> Mailbox:
        """TypeError, LayerClosed, ChannelClosed."""
        mailbox = self._mailboxes.get(channel)
        if mailbox is not None:
            return mailbox
        check_name(channel)
        if self.closed:
            raise LayerClosed
        raise ChannelClosed(channel)

    async def receive(self, channel: str) -> Message:
        """The next message that can be decoded. TypeError, LayerClosed, ChannelClosed, WrongLoop, RuntimeError."""
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
                # Anyone who can reach the server can publish garbage; it must not end the reader.
                self._sparse_log.warning(
                    "no message", "channel %s: skipped %d bytes that are no message", channel, len(payload)
                )

    # Each returns whether a mailbox is half full now: the caller then yields to the loop, or even a prompt reader would
    # miss part of a burst. A full mailbox does not count: its reader is not prompt.

    def put(self, channel: str, payload: bytes) -> bool:
        """For a message from this process. ChannelFull: at capacity. Does nothing if there is no such channel."""
        mailbox = self._mailboxes.get(channel)
        if mailbox is None:
            return False
        offer = mailbox.offer(payload, self._clock() + self._expiry)
        if offer is REFUSED:
            raise ChannelFull(channel)
        return offer is CROWDED

    def post(self, channel: str, payload: bytes) -> bool:
        """For a message from another process, whose sender cannot be told that the channel is full."""
        mailbox = self._mailboxes.get(channel)
        return mailbox is not None and mailbox.offer(payload, self._clock() + self._expiry) is CROWDED

    def deliver(self, group: str, payload: bytes) -> bool:
        """To every member in this process. TypeError: `group` is not a valid name."""
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
        """TypeError, LayerClosed, ChannelClosed, WrongLoop."""
        self.enter()
        self.check_process()
        check_name(group)
        mailbox = self.mailbox(channel)
        mailbox.groups.add(group)
        self._members.setdefault(group, {})[channel] = mailbox

    def leave(self, group: str, channel: str) -> bool:
        """Returns whether that was the group's last member in this process. TypeError, WrongLoop."""
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
        """Closes a channel; returns the groups that have no member in this process any more. TypeError, WrongLoop."""
        self.check_loop()
        check_name(channel)
        mailbox = self._mailboxes.pop(channel, None)
        if mailbox is None:
            return []
        emptied = [group for group in sorted(mailbox.groups) if self.leave(group, channel)]
        mailbox.close(ChannelClosed(channel))
        return emptied

    def clear(self) -> list[str]:
        """Deletes all messages and memberships; returns the groups that had members. WrongLoop."""
        self.check_loop()
        groups = list(self._members)
        self._members.clear()
        for mailbox in self._mailboxes.values():
            mailbox.groups.clear()
            mailbox.clear()
        return groups

    def close(self) -> None:
        """Closes every channel with LayerClosed. WrongLoop."""
        self.clear()
        self.closed = True
        for mailbox in self._mailboxes.values():
            mailbox.close(LayerClosed())
        self._mailboxes.clear()
