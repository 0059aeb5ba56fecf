"""Whom a connection to Redis tells what it hears."""

from collections.abc import Callable
from dataclasses import dataclass


def nobody(_topic: str) -> None:
    """A single server owns every topic, and its confirmations are waited for one by one."""


@dataclass(frozen=True, slots=True)
class Reporter:
    """Whom a transport tells, at once and in the order of what the server said: `changed` after `up` or `problem`
    changed, `arrived(topic, frame)` of each message; it returns whether a reader needs a turn of the loop now.
    `heard(topic)` when a topic is confirmed, `strayed(topic)` when it is heard no more because it is another node's,
    `moved(topic)` when something was published to the wrong node. `demoted(problem)`: the server is a replica now."""

    changed: Callable[[], None]
    arrived: Callable[[bytes, bytes], bool]
    heard: Callable[[str], None] = nobody
    strayed: Callable[[str], None] = nobody
    moved: Callable[[str], None] = nobody
    demoted: Callable[[str], None] = nobody
