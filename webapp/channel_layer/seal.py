"""Signed frames: protection against forgery, replay, and moving a frame to another topic."""

import secrets
import struct
import time
from collections.abc import Callable, Sequence

from .messages import MAX_MESSAGE_BYTES
from .signing import SIGNATURE_BYTES, Signer

SECOND = 1_000_000_000
WINDOW = 60 * SECOND
"""Maximum age of a frame, and maximum difference between the clocks of two hosts."""
LATE = 2 * SECOND
"""A frame signed at most this long before we subscribed to its topic is accepted, since clocks differ a little."""
LONGEST_FRAME = MAX_MESSAGE_BYTES + 1024
FIRST_LIMIT = 1024
_STAMP = struct.Struct(">8sQ")
_HEAD = SIGNATURE_BYTES + _STAMP.size


class Refused(Exception):
    """The frame is not acceptable. The text says why and is one of a fixed few."""


class Seal:
    """Prepends a signature, the sender's id and a timestamp to each frame, and checks and removes them on arrival.

    One sender's timestamps only increase, so a frame that is not later than the sender's last one in its topic is a
    replay; so is one from before this process subscribed to the topic. Only senders of the last minute are remembered:
    older frames are refused by their age. Not thread-safe.
    """

    def __init__(self, keys: Sequence[bytes], clock: Callable[[], int] = time.time_ns) -> None:
        """`clock` returns nanoseconds since 1970, about the same on all hosts. ValueError: see `Signer`."""
        self._signer = Signer(keys)
        self._clock = clock
        self._sender = b""
        self._last = 0
        self._begun: dict[bytes, int] = {}
        self._seen: dict[bytes, int] = {}
        self._limit = FIRST_LIMIT

    def listen(self, topic: bytes) -> None:
        """Frames of `topic` are accepted from now on; a second call changes nothing."""
        self._begun.setdefault(topic, self._clock() - LATE)

    def forget(self, topic: bytes) -> None:
        """This process has unsubscribed from `topic`."""
        self._begun.pop(topic, None)

    def close(self, topic: bytes, frame: bytes) -> bytes:
        """The signed frame. Receivers refuse a frame that reaches them after a later one: publish in the order of the
        calls."""
        signed = _STAMP.pack(*self._stamp()) + frame
        return self._signer.sign(topic, signed) + signed

    def open(self, topic: bytes, data: bytes) -> bytes | None:
        """The frame without its head; None for this sender's own, which the server echoes. Refused: see its text."""
        if not _HEAD <= len(data) <= LONGEST_FRAME:
            raise Refused("it is not signed: something else writes to this Redis")
        signed = data[SIGNATURE_BYTES:]
        sender, stamp = _STAMP.unpack_from(signed)
        if sender == self._sender:
            return None
        if not self._signer.accepts(topic, signed, data[:SIGNATURE_BYTES]):
            raise Refused("its signature is wrong: have all processes the same keys?")
        self._check_fresh(topic, sender, stamp)
        return signed[_STAMP.size :]

    def _stamp(self) -> tuple[bytes, int]:
        """The sender's id is drawn at first use, because a fork is another sender, and again when the clock was set
        back, so that the timestamps may start over."""
        now = self._clock()
        if now < self._last - SECOND or not self._sender:
            self._sender, self._last = secrets.token_bytes(8), 0
        self._last = max(self._last + 1, now)
        return self._sender, self._last

    def _check_fresh(self, topic: bytes, sender: bytes, stamp: int) -> None:
        now, source = self._clock(), topic + sender
        if abs(now - stamp) > WINDOW:
            raise Refused("it was signed at another time: are the clocks of all hosts right?")
        last = self._seen.get(source)
        if stamp <= (self._start(topic, now) if last is None else last):
            raise Refused("it was heard before: somebody repeats what was sent")
        self._seen[source] = stamp
        if len(self._seen) > self._limit:
            self._seen = {each: last for each, last in self._seen.items() if last >= now - WINDOW}
            self._limit = max(FIRST_LIMIT, 2 * len(self._seen))

    def _start(self, topic: bytes, now: int) -> int:
        """When we subscribed; 0 if our clock was set back since then, which makes that time meaningless."""
        begun = self._begun.get(topic, 0)
        return begun if begun <= now else 0
