"""A browser's frames as commands: JSON objects whose type names a method marked `@command`."""

import json
from typing import Any

from webapp import numbers
from webapp.domain.events import Values
from webapp.sockets.dispatch import named_by


class BadCommand(Exception):
    """The frame is no command that is known here; the text is for who sent it."""


def parse(text: str) -> tuple[str, Values]:
    """(the name of its method, the command's values). Raises BadCommand.

    `{"type": "messages.post", ...}` is `messages_post`. `{"since": "41"}`, a page's first frame, is `since`.
    """
    try:
        values = json.loads(text)
        if "\\u" in text:
            json.dumps(values, ensure_ascii=False).encode()  # JSON can write a lone surrogate, which no UTF-8 can hold
    except (ValueError, RecursionError):
        raise BadCommand("A frame must be a JSON object, its texts whole characters.") from None
    if not isinstance(values, dict):
        raise BadCommand("A frame must be a JSON object.")
    if "type" not in values and "since" in values:
        return "since", values
    return named_by({"type": values.get("type")}), values


def text_of(values: dict[str, Any], name: str) -> str:
    """This text of a command. Raises BadCommand."""
    value = values.get(name)
    if not isinstance(value, str):
        raise BadCommand(f"The command needs {name!r} as a text.")
    return value


def revision_of(value: Any) -> int:
    """A revision as a number, or as the digits of one. Raises BadCommand."""
    number = value if isinstance(value, int) and not isinstance(value, bool) else numbers.whole(value)
    if number is None or not 0 <= number <= numbers.LARGEST:
        raise BadCommand("'since' must be a whole number.")
    return number
