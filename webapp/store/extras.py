"""What hangs on a message, as its row keeps it: JSON, so that a page of messages stays one query."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

MOST_EMOJI = 100
"""Different ones that are read. The rule allows fewer."""
MOST_PEOPLE = 1_000
"""Reactions of one message whose people are listed; the others are counted."""
NAMED, NAMED_IN_ALL = 10, 60
"""People whose names stand in a message, for one emoji and for all."""
LONGEST = 131_072
LONGEST_EMOJI, LONGEST_NAME = 16, 200
LARGEST = 2**53


@dataclass(frozen=True, slots=True)
class Reaction:
    """`user_ids`: who reacted so, the first first; `count` may be more than are listed."""

    emoji: str
    count: int
    user_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Extras:
    """`names`: (id, name) of people who are named with the message; read when the message is, never stored."""

    reactions: tuple[Reaction, ...] = ()
    names: tuple[tuple[int, str], ...] = ()

    @property
    def named(self) -> list[tuple[Reaction, list[tuple[int, str]], int]]:
        """Each reaction with the people that are named, and how many more there are."""
        names, left = dict(self.names), NAMED_IN_ALL
        found = []
        for each in self.reactions:
            shown = [(user_id, names[user_id]) for user_id in each.user_ids[: min(NAMED, left)] if user_id in names]
            left -= len(shown)
            found.append((each, shown, each.count - len(shown)))
        return found

    @property
    def people(self) -> set[int]:
        """Whose names are wanted."""
        wanted: set[int] = set()
        left = NAMED_IN_ALL
        for each in self.reactions:
            first = each.user_ids[: min(NAMED, left)]
            left -= len(first)
            wanted.update(first)
        return wanted


NOTHING = Extras()


def text_of(extras: Extras) -> str:
    """As it is kept and told; empty for nothing."""
    values: dict[str, Any] = {}
    if extras.reactions:
        values["reactions"] = [[each.emoji, each.count, each.user_ids] for each in extras.reactions]
    if extras.names:
        values["names"] = extras.names
    return json.dumps(values, separators=(",", ":")) if values else ""


@lru_cache(maxsize=128)
def parse(text: str) -> Extras:
    """Raises ValueError for what is none of ours. Names of values that are not known here are left out."""
    if not text:
        return NOTHING
    if len(text) > LONGEST:
        raise ValueError("too long")
    try:
        values = json.loads(text)
    except RecursionError:
        raise ValueError("too deep") from None
    if type(values) is not dict:
        raise ValueError("not an object")
    reactions = [reaction(each) for each in listed(values.get("reactions", []), MOST_EMOJI)]
    names = [(number(each[0]), short(each[1], LONGEST_NAME)) for each in pairs(values.get("names", []))]
    return Extras(tuple(reactions), tuple(names))


def reaction(value: Any) -> Reaction:
    if type(value) is not list or len(value) != 3:
        raise ValueError("not a reaction")
    emoji, count, user_ids = value
    return Reaction(short(emoji, LONGEST_EMOJI), number(count), tuple(map(number, listed(user_ids, MOST_PEOPLE))))


def listed(value: Any, most: int) -> list[Any]:
    if type(value) is not list or len(value) > most:
        raise ValueError("not a list of some")
    return value


def pairs(value: Any) -> Sequence[list[Any]]:
    found = listed(value, MOST_PEOPLE)
    if any(type(each) is not list or len(each) != 2 for each in found):
        raise ValueError("not pairs")
    return found


def number(value: Any) -> int:
    if type(value) is not int or not 0 <= value < LARGEST:
        raise ValueError("not a number")
    return value


def short(value: Any, longest: int) -> str:
    if type(value) is not str or len(value) > longest:
        raise ValueError("not a short text")
    value.encode()  # half a character cannot be sent
    return value
