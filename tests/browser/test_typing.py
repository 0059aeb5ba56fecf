"""Case 53: whoever types on while messages are on their way loses no character, and none lands in another message.

Some of the matrix is here, with seeds of its own; `scripts/typing` runs all of it, twenty times each.
"""

import os
import random
import string
from dataclasses import dataclass
from itertools import product

import pytest

from tests.browser.conftest import OpenWindow
from tests.people import Person
from tests.servers import Wire

ENGINES = ["chromium", "firefox"]
RUNS = int(os.environ.get("TYPING_RUNS", "0"))
KEYS = (25, 50, 100)
ROUND_TRIPS = (0, 150, 300, 600)
LENGTHS = range(1, 13)
MESSAGES = 5


@dataclass(frozen=True)
class Typing:
    """Milliseconds a key, milliseconds of round trip, whether the browser keeps what it has fetched."""

    key: int
    round_trip: int
    cached: bool

    def __str__(self) -> str:
        return f"{self.key}ms-{self.round_trip}ms-{'cached' if self.cached else 'uncached'}"

    def texts(self, run: int) -> list[str]:
        dice = random.Random(f"{self} {run}")
        return ["".join(dice.choices(string.ascii_lowercase, k=dice.choice(LENGTHS))) for _ in range(MESSAGES)]


SOME = [Typing(25, 0, True), Typing(50, 150, False), Typing(80, 300, True), Typing(25, 600, False)]
ALL = [Typing(*each) for each in product(KEYS, ROUND_TRIPS, (True, False))]


@pytest.mark.parametrize("typing", ALL if RUNS else SOME, ids=str)
def test_case_53_typing_on_loses_nothing(
    open_window: OpenWindow, ana: Person, room: int, wire: Wire, typing: Typing
) -> None:
    wire.keeps_nothing = not typing.cached
    wire.delay = typing.round_trip / 2000
    window = open_window(ana, room, wire.url)
    said: list[str] = []
    for run in range(RUNS or 1):
        texts = typing.texts(run)
        window.page.keyboard.type("".join(f"{text}\n" for text in texts), delay=typing.key)
        said += texts
        window.says(*said)
        window.comes_to(lambda: window.unsent, [])
    assert ana.history(room).texts == said
