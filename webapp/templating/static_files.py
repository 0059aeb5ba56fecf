"""The files of static/, and their URLs with the hash of the content in them."""

import gzip
import hashlib
import re
from functools import lru_cache
from pathlib import Path

STATIC = Path(__file__).resolve().parents[2] / "static"
STYLES = (
    "base", "layout", "forms", "rooms", "messages", "reactions", "typing", "people", "code", "unread", "mentions",
    "direct", "modes",
)  # fmt: skip


@lru_cache(maxsize=64)
def static_file(path: str) -> bytes:
    """A static file's bytes; `css/all.css` is all style sheets in one. Raises OSError when there is no such file."""
    if path == "css/all.css":
        return squeezed(b"\n".join((STATIC / "css" / f"{name}.css").read_bytes() for name in STYLES))
    return (STATIC / path).read_bytes()


def squeezed(css: bytes) -> bytes:
    """Without comments, and without spaces around braces and semicolons: no text in our style sheets has these."""
    return re.sub(rb"\s*([{};])\s*", rb"\1", re.sub(rb"/\*.*?\*/", b"", css, flags=re.DOTALL))


@lru_cache(maxsize=64)
def static_gzip(path: str) -> bytes:
    """The same, compressed. Raises OSError."""
    return gzip.compress(static_file(path), 9, mtime=0)


@lru_cache(maxsize=64)
def static_hash(path: str) -> str:
    """16 hex digits that change with the content. Raises OSError."""
    return hashlib.sha256(static_file(path)).hexdigest()[:16]


def static_url(path: str) -> str:
    """The file's URL, which browsers may keep for a year. Raises OSError."""
    return f"/static/{static_hash(path)}/{path}"


def icon_url(unread: bool) -> str:
    """The icon of a page's window. Raises OSError."""
    return static_url("icon-unread.svg" if unread else "icon.svg")
