"""A cache whose texts take a bounded amount of memory together."""

from collections.abc import Callable
from sys import getsizeof
from threading import Lock
from typing import Generic, TypeVar

from cachetools import FIFOCache

K = TypeVar("K")
V = TypeVar("V")
OVERHEAD = 512


class ByteCache(Generic[K, V]):
    """At most `most` bytes; what was put first goes first. `text` gives the text of a value, by which it is weighed.

    Used from the event loop and from the database's threads: puts take a lock, a get is one look into a dict.
    """

    def __init__(self, most: int, text: Callable[[V], str]) -> None:
        self.kept: FIFOCache[K, V] = FIFOCache(most, getsizeof=lambda value: weight(text(value)))
        self.lock = Lock()

    def get(self, key: K) -> V | None:
        try:
            return self.kept[key]
        except KeyError:
            return None

    def put(self, key: K, value: V) -> None:
        """Keep this instead of what the key had. What is larger than the whole cache is not kept."""
        with self.lock:
            try:
                self.kept[key] = value
            except ValueError:
                self.kept.pop(key, None)

    def clear(self) -> None:
        with self.lock:
            self.kept.clear()


def weight(text: str) -> int:
    """Bytes of memory that a kept text takes, with what is kept beside it."""
    return getsizeof(text) + OVERHEAD
