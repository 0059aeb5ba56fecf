"""Reads the values of an event and checks each one. Raises Malformed for anything else."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Final, get_args

from webapp.domain.events import Values
from webapp.domain.messages import Message
from webapp.domain.rooms import Facts

LARGEST = 2**53
"""Below it are all ids, revisions and moments (microseconds, until the year 2255)."""
DAY = 86_400
MOST_CHARACTERS = 200
MOST_MESSAGES = 100
MOST_NUMBERS = 1_000
TYPES: Final[Mapping[str, frozenset[type]]] = {
    field.name: frozenset(get_args(field.type) or (field.type,)) for field in fields(Message)
}
ESSENTIAL = frozenset(field.name for field in fields(Message) if field.default is MISSING)
POSITIONS = (
    "id", "room_id", "author_id", "author_name", "html", "created_at", "utc_offset", "continues", "opens_day",
    "posted_revision", "revision", "edited_at", "deleted_at",
)  # fmt: skip
"""The order of a message's fields in releases that do not send their names. It never changes."""


class Malformed(Exception):
    """A value of the event is missing or wrong; the text says which."""


def whole(event: Values, name: str) -> int:
    value = event.get(name)
    if type(value) is not int or not 0 <= value < LARGEST:  # a bool is an int, but not here
        raise Malformed(f"{name} is not a whole number")
    return value


def flag(event: Values, name: str) -> bool:
    value = event.get(name)
    if type(value) is not bool:
        raise Malformed(f"{name} is neither true nor false")
    return value


def text(event: Values, name: str) -> str:
    value = event.get(name)
    if type(value) is not str or len(value) > MOST_CHARACTERS or not can_be_sent(value):
        raise Malformed(f"{name} is not a short text")
    return value


def numbers(event: Values, name: str) -> list[int]:
    """At most MOST_NUMBERS ids."""
    found = event.get(name)
    if type(found) is not list or len(found) > MOST_NUMBERS:
        raise Malformed(f"{name} is not a list of numbers")
    return [whole({name: each}, name) for each in found]


def pairs(event: Values, name: str) -> list[tuple[int, int]]:
    """At least one pair of numbers."""
    found = event.get(name)
    if type(found) is not list or not 0 < len(found) <= MOST_NUMBERS:
        raise Malformed(f"{name} is not a list of pairs")
    if any(type(each) is not list or len(each) != 2 for each in found):
        raise Malformed(f"{name} is not a list of pairs")
    return [(whole({name: first}, name), whole({name: second}, name)) for first, second in found]


def messages(event: Values, room_id: int, revision: int) -> list[Message]:
    """The messages of this room that changed with this revision."""
    found = event.get("messages")
    if type(found) is not list or len(found) > MOST_MESSAGES:
        raise Malformed("messages is not a list of some messages")
    return [message(values, room_id, revision) for values in found]


def facts(event: Values, room_id: int, revision: int) -> list[Facts]:
    """The room as this revision made it."""
    if whole(event, "room") != room_id:
        raise Malformed("another room has changed")
    name, topic, visibility = text(event, "name"), text(event, "topic"), text(event, "visibility")
    return [Facts(room_id, name, topic, visibility, text(event, "community"), revision)]


def message(values: object, room_id: int, revision: int) -> Message:
    """A message from the values of its fields by name; a later release may send more, which are ignored."""
    known = known_values(values)
    for name, value in known.items():
        if type(value) not in TYPES[name]:
            raise Malformed(f"a message's {name} is of another type")
    found = Message(**known)
    if found.room_id != room_id or found.revision != revision:
        raise Malformed("a message is of another room or revision")
    numbers = (found.id, found.author_id, found.created_at, found.posted_revision)
    if min(numbers) < 0 or max(numbers) >= LARGEST or abs(found.utc_offset) > DAY:
        raise Malformed("a message has a number that is none of ours")
    if not (can_be_sent(found.html) and can_be_sent(found.author_name)):
        raise Malformed("a message has a text that is none")
    try:
        _ = found.hanging
    except ValueError as error:
        raise Malformed(f"a message has extras that are none of ours: {error}") from None
    return found


def known_values(values: object) -> Values:
    """The values of the fields that this release knows. Raises Malformed when an essential one is missing."""
    if type(values) is list and len(values) == len(POSITIONS):
        return dict(zip(POSITIONS, values, strict=True))
    if type(values) is not dict or not values.keys() >= ESSENTIAL:
        raise Malformed("a message lacks fields")
    return {name: value for name, value in values.items() if name in TYPES}


def can_be_sent(value: str) -> bool:
    """Whether it has no lone surrogates, which UTF-8 does not know."""
    try:
        return value.isascii() or bool(value.encode())
    except UnicodeEncodeError:
        return False
