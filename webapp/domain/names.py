"""What people may be called, and rooms: checked where they come in, escaped where they are shown."""

import re
import unicodedata
from zoneinfo import ZoneInfo, available_timezones

from webapp.domain.errors import Invalid

USERNAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?")
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
LONGEST_TYPED = 64
JOINERS = "\u200c\u200d"


def username(value: str) -> str:
    name = value.strip().lower()
    if not USERNAME.fullmatch(name):
        raise Invalid(username="A username has 1 to 32 of a-z, 0-9, dot, dash and underscore, such as ana.lima.")
    return name


def known_username(value: str) -> str | None:
    """The username that was typed to sign in, None for what nobody can be called."""
    name = value[:LONGEST_TYPED].strip().lower()
    return name if USERNAME.fullmatch(name) else None


def line(value: str, field: str, what: str, longest: int, required: bool = True) -> str:
    """One line of text without control or direction characters, its spaces folded. Raises Invalid for `field`."""
    shown = "".join(c for c in value if c in JOINERS or c.isspace() or unicodedata.category(c) not in HIDDEN)
    text = unicodedata.normalize("NFC", " ".join(shown.split()))
    if required and not text.strip(JOINERS):
        raise Invalid(**{field: f"{what} is missing."})
    if len(text) > longest:
        raise Invalid(**{field: f"{what} has at most {longest} characters; this one has {len(text)}."})
    return text


def display_name(value: str) -> str:
    return line(value, "display_name", "A name to show", 60)


def time_zone(value: str) -> str:
    name = value.strip() or "UTC"
    if name not in available_timezones():
        raise Invalid(time_zone="This is not a time zone we know, such as Europe/Lisbon.")
    return ZoneInfo(name).key
