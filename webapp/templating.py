"""The Jinja environment: strict, and escaping by construction. Imports nothing of ours."""

import gzip
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from sys import getsizeof
from threading import Lock
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static"
STYLES = ("base", "layout", "forms", "rooms", "messages", "code", "modes")


def moment(microseconds: int, utc_offset: int) -> datetime:
    """A stored moment as the community's clock showed it."""
    return datetime.fromtimestamp(microseconds // 1_000_000 + utc_offset, UTC)


def clock(microseconds: int, utc_offset: int) -> str:
    return moment(microseconds, utc_offset).strftime("%H:%M")


def day(microseconds: int, utc_offset: int) -> str:
    at = moment(microseconds, utc_offset)
    return f"{at:%A}, {at.day} {at:%B %Y}"


def iso(microseconds: int) -> str:
    return moment(microseconds, 0).strftime("%Y-%m-%dT%H:%M:%SZ")


def initials(name: str) -> str:
    words = [word for word in name.split() if word[0].isalnum()] or [name]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def tint(number: int) -> int:
    """One of twelve colours, far apart for neighbours."""
    return number * 5 % 12


@lru_cache(maxsize=64)
def static_file(path: str) -> bytes:
    """A static file's bytes; `css/all.css` is all style sheets in one."""
    if path == "css/all.css":
        return b"\n".join((STATIC / "css" / f"{name}.css").read_bytes() for name in STYLES)
    return (STATIC / path).read_bytes()


@lru_cache(maxsize=64)
def static_gzip(path: str) -> bytes:
    return gzip.compress(static_file(path), 9, mtime=0)


@lru_cache(maxsize=64)
def static_hash(path: str) -> str:
    return hashlib.sha256(static_file(path)).hexdigest()[:16]


def static_url(path: str) -> str:
    """The file's URL with the hash of its content in it, so that it may be kept for a year."""
    return f"/static/{static_hash(path)}/{path}"


environment = Environment(
    loader=FileSystemLoader(ROOT / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
    cache_size=-1,
)
environment.filters.update(initials=initials, tint=tint, iso=iso)
environment.globals.update(static_url=static_url, clock=clock, day=day)


@lru_cache(maxsize=256)
def template(name: str) -> Template:
    return environment.get_template(name)


def render(name: str, **values: Any) -> str:
    return template(name).render(values)


class Rendered:
    """Messages as they are shown, by id: the newest revision of each, at most `most` bytes of them together.

    Asked from the event loop and from the database's threads.
    """

    def __init__(self, most: int = 2 << 20) -> None:
        self.most = most
        self.bytes = 0
        self.messages: dict[int, tuple[Look, Markup]] = {}
        self.lock = Lock()

    def html(self, message: Any) -> Markup:
        look, known = look_of(message), self.messages.get(message.id)
        if known is not None and known[0] == look:
            return known[1]
        shown = Markup(template("messages/_message.html").render(message=message).strip())  # noqa: S704 - it escapes
        with self.lock:
            self._forget(message.id)
            self.messages[message.id] = look, shown
            self.bytes += weight(shown)
            while self.bytes > self.most:
                self._forget(next(iter(self.messages)))
        return shown

    def _forget(self, message_id: int) -> None:
        _, shown = self.messages.pop(message_id, (None, ""))
        self.bytes -= weight(shown) if shown else 0


def weight(text: str) -> int:
    """Bytes of memory of one kept text, with what is kept around it."""
    return getsizeof(text) + 512


Look = tuple[Any, ...]


def look_of(message: Any) -> Look:
    """Two records of one message look the same if they have this in common: of one revision, by one name, one text."""
    return message.revision, hash(message.html), message.author_name, message.room_id, message.created_at


rendered = Rendered()


def message_html(message: Any) -> Markup:
    """A message as page, fragment and replay show it: the same bytes, rendered once for each of its revisions."""
    return rendered.html(message)


def messages_html(messages: Sequence[Any]) -> Markup:
    return Markup("".join([rendered.html(message) for message in messages]))  # noqa: S704 - each was escaped
