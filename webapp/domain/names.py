"""Usernames, display names and room names: validation and sort order. Templates escape them."""

import re
import unicodedata
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from webapp.domain import look_alikes
from webapp.domain.errors import Invalid

USERNAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?")
RESERVED = frozenset(("room",))
"""What stands behind an @ for more than one person."""
LONGEST_TYPED = 64
DIGITS = re.compile(r"(\d+)")


def username(value: str) -> str:
    name = value.strip().lower()
    if not USERNAME.fullmatch(name):
        raise Invalid(username="A username has 1 to 32 of a-z, 0-9, dot, dash and underscore, such as ana.lima.")
    if name in RESERVED:
        raise Invalid(username="This username is taken.")
    return name


def known_username(value: str) -> str | None:
    """The username as typed in the login form, None when it cannot be one."""
    name = value[:LONGEST_TYPED].strip().lower()
    return name if USERNAME.fullmatch(name) else None


def line(value: str, field: str, what: str, longest: int, required: bool = True) -> str:
    """One line without invisible characters, whitespace folded. Raises Invalid for `field`."""
    text = unicodedata.normalize("NFC", " ".join(look_alikes.visible(value).split()))
    if required and not look_alikes.has_substance(text):
        raise Invalid(**{field: f"{what} is missing."})
    if len(text) > longest:
        raise Invalid(**{field: f"{what} has at most {longest} characters; this one has {len(text)}."})
    return text


def display_name(value: str) -> str:
    """Raises Invalid, also for invisible characters, which would make it look like another name."""
    name = line(value, "display_name", "A name to show", 60)
    hidden = next((c for place, c in enumerate(value) if not look_alikes.is_seen(value, place)), None)
    if hidden is not None:
        raise Invalid(display_name=f"A name has no character that cannot be seen, like U+{ord(hidden):04X}: type it.")
    if "@" in unicodedata.normalize("NFKC", name):
        raise Invalid(display_name="A name has no @: that stands before usernames.")
    return name


@lru_cache(maxsize=4096)
def natural(name: str) -> tuple[str | int, ...]:
    """Natural sort key: Room 2 before Room 10. Alternates texts and numbers, a text first."""
    return tuple(int(part) if part.isdecimal() else part for part in DIGITS.split(name.casefold()))


def time_zone(value: str) -> str:
    name = value.strip() or "UTC"
    if name not in available_timezones():
        raise Invalid(time_zone="This is not a time zone we know, such as Europe/Lisbon.")
    return ZoneInfo(name).key
