"""Valid names, valid messages, and their encoding."""

import json
import re
from typing import Any

Message = dict[str, Any]
"""A dict of plain JSON values with a str `type`, for instance `{"type": "messages.changed", "room": 7}`."""

MAX_MESSAGE_BYTES = 1 << 20
"""Limit for one encoded message."""

_NAME = re.compile(r"[A-Za-z0-9._-]{1,99}", re.ASCII)
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*", re.ASCII)
_CONTAINERS = (dict, list, tuple)
_LEAVES = frozenset((str, int, float, bool, type(None)))
_to_json = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
_from_json = json.JSONDecoder().raw_decode


def check_name(name: str) -> None:
    """TypeError unless `name` is valid for a channel or group: 1 to 99 ASCII letters, digits, `-`, `_`, `.`."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise TypeError(f"a name is 1 to 99 ASCII letters, digits, '-', '_' or '.', not {str(name)[:120]!r}")


def method_name(event_type: str) -> str:
    """The name of the consumer method for an event type: `"messages.changed"` -> `"messages_changed"`.

    ValueError: not a dotted name, or a part begins with an underscore, so that no event calls a private method.
    """
    if not isinstance(event_type, str) or not _TYPE.fullmatch(event_type):
        raise ValueError(f"an event type is dotted words such as 'messages.changed', not {str(event_type)[:120]!r}")
    return event_type.replace(".", "_")


def encode(message: Message) -> bytes:
    """JSON, never pickle: data from the network must not run code.

    TypeError: not a dict, no str `type`, a value that JSON cannot represent (NaN included), or at any depth a key that
    is not a str, which JSON would change (1 to "1"). ValueError: over 1 MiB.
    """
    if not isinstance(message, dict):
        raise TypeError(f"a message is a dict, not {type(message).__name__}")
    if not isinstance(message.get("type"), str):
        raise TypeError("a message has a 'type' that is a str")
    try:
        "".join(message)  # TypeError unless every key is a str; the cheapest check of all keys
        text = _to_json(message)
        if "{" in text[1:]:
            check_keys(message)
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"a message holds plain JSON values only, and its keys are texts: {error}") from error
    payload = text.encode("ascii")
    if len(payload) > MAX_MESSAGE_BYTES:
        raise ValueError(f"a message is at most {MAX_MESSAGE_BYTES} bytes, this one has {len(payload)}")
    return payload


def check_keys(value: Any) -> None:
    """TypeError: `value` or anything in it has a key that is not a str."""
    if isinstance(value, dict):
        "".join(value)
        value = value.values()
    for each in value:
        if each.__class__ not in _LEAVES and isinstance(each, _CONTAINERS):
            check_keys(each)


def decode(payload: bytes) -> Message:
    """The message, a new object at every call. ValueError: `encode` did not make this. RecursionError: nested too
    deep."""
    text = payload.decode()
    message, end = _from_json(text)
    if end != len(text) or not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise ValueError("not a message")
    return message
