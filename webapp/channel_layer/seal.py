"""Frames that nobody can forge, move to another topic, or send again."""

import secrets
import struct
import time
from collections.abc import Callable, Sequence

from webapp.channel_layer.messages import MAX_MESSAGE_BYTES
from webapp.channel_layer.signing import SIGNATURE_BYTES, Signer

SECOND = 1_000_000_000
WINDOW = 60 * SECOND
"""How old a frame may be, and how far the clocks of two hosts may differ."""
LATE = 2 * SECOND
"""A frame that is so little older than our listening to its topic is heard: the clocks of two hosts differ a little."""
LONGEST_FRAME = MAX_MESSAGE_BYTES + 1024
FIRST_LIMIT = 1024
_STAMP = struct.Struct(">8sQ")
_HEAD = SIGNATURE_BYTES + _STAMP.size


class Refused(Exception):
    """Not a frame of ours; the text says why, and is one of a few."""


class Seal:
    """Puts a signature, the sender and the moment before each frame, and takes them off again.

    The moments of one sender only grow, so what is not later than its last frame in the topic is a repetition, and so
    is what was sent before this process listened to the topic. Only the senders of the last minute are remembered:
    whatever is older is refused by its age.
    """

    def __init__(self, keys: Sequence[bytes], clock: Callable[[], int] = time.time_ns) -> None:
        """`clock` gives nanoseconds since 1970, about the same on all hosts."""
        self._signer = Signer(keys)
        self._clock = clock
        self._sender = b""
        self._last = 0
        self._begun: dict[bytes, int] = {}
        self._seen: dict[bytes, int] = {}
        self._limit = FIRST_LIMIT

    def listen(self, topic: bytes) -> None:
        """From now on `topic` is heard; twice is once."""
        self._begun.setdefault(topic, self._clock() - LATE)

    def forget(self, topic: bytes) -> None:
        self._begun.pop(topic, None)

    def close(self, topic: bytes, frame: bytes) -> bytes:
        signed = _STAMP.pack(*self._stamp()) + frame
        return self._signer.sign(topic, signed) + signed

    def open(self, topic: bytes, data: bytes) -> bytes | None:
        """The frame; None for one of our own, which the server sends back. Raises Refused."""
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
        """The sender's name is drawn at first use, for a fork is another sender; and again when the clock was set
        back, so that the moments may begin anew."""
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
        """Meaningless if our clock has been set back since."""
        begun = self._begun.get(topic, 0)
        return begun if begun <= now else 0
