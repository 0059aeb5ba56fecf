"""The callbacks of a Redis connection."""

from collections.abc import Callable
from dataclasses import dataclass


def nobody(_topic: str) -> None:
    """For a single server, which owns every topic and whose confirmations are awaited one by one."""


@dataclass(frozen=True, slots=True)
class Reporter:
    """Called at once, in the order of the server's replies:

    - `changed()`: `up` or `problem` has changed;
    - `arrived(topic, frame)`: a message; returns whether to yield to the loop so that its reader can run;
    - `heard(topic)`: a subscription is confirmed;
    - `strayed(topic)`: a subscription has ended because the topic belongs to another node;
    - `moved(topic)`: a publish went to the wrong node;
    - `demoted(problem)`: the server has become a replica.
    """

    changed: Callable[[], None]
    arrived: Callable[[bytes, bytes], bool]
    heard: Callable[[str], None] = nobody
    strayed: Callable[[str], None] = nobody
    moved: Callable[[str], None] = nobody
    demoted: Callable[[str], None] = nobody
