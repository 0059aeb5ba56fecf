"""What a browser may say over its socket: JSON objects, each a known command. A bad one is told so, and no more."""

import json
from dataclasses import dataclass
from typing import Any

from webapp import numbers


class BadCommand(Exception):
    """The frame is not a command that we know; the text is for who sent it."""


@dataclass(frozen=True, slots=True)
class Since:
    """`{"since": "41"}`: my page stands at this revision; tell me what comes after."""

    revision: int


@dataclass(frozen=True, slots=True)
class Post:
    """`{"type": "messages.post", "key": "...", "body": "..."}`."""

    key: str
    body: str


Command = Since | Post


def parse(text: str) -> Command:
    """The command in a text frame. Raises BadCommand."""
    try:
        values = json.loads(text)
        if "\\u" in text:
            json.dumps(values, ensure_ascii=False).encode()  # JSON can write half a character, which nothing can keep
    except (ValueError, RecursionError):
        raise BadCommand("A frame must be a JSON object, its texts whole characters.") from None
    if not isinstance(values, dict):
        raise BadCommand("A frame must be a JSON object.")
    kind = values.get("type")
    if kind == "messages.post":
        return Post(text_of(values, "key"), text_of(values, "body"))
    if kind is None and "since" in values:
        return Since(revision_of(values["since"]))
    raise BadCommand("This command is not known here.")


def text_of(values: dict[str, Any], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str):
        raise BadCommand(f"The command needs {name!r} as a text.")
    return value


def revision_of(value: Any) -> int:
    """A revision as a number, or as the digits of one."""
    number = value if isinstance(value, int) and not isinstance(value, bool) else numbers.whole(value)
    if number is None or not 0 <= number <= numbers.LARGEST:
        raise BadCommand("'since' must be a whole number.")
    return number
