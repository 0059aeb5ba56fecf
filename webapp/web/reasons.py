"""Why a page ended, shown on the page where its reader goes next. The URL carries a code of this list, never a text."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from webapp.templating import render
from webapp.web import pages

SIGNED_OUT, REMOVED = "signed-out", "removed"
TEXTS: Mapping[str, str] = {
    SIGNED_OUT: "You were signed out, here or on another page, or your session is over.",
    REMOVED: "You are not in that room any more: you left it, or were removed from it.",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """What live/ended.html shows: why the page ended, and where to go on."""

    text: str
    path: str
    way_on: str
    """The text of the link there, for a page that holds something unsent and so does not go by itself."""


def told(request: Request) -> str:
    """The text of the reason in the URL; empty for none, or an unknown one."""
    return TEXTS.get(request.query_params.get("reason", ""), "")


def signed_out(path: str = "") -> Ended:
    """`path`: where to come back to after signing in."""
    back = f"&next={quote(path, safe='/')}" if path else ""
    return Ended(
        TEXTS[SIGNED_OUT], f"/login?reason={SIGNED_OUT}{back}", "Sign in on a new page, then send what is here"
    )


def removed() -> Ended:
    """For people who are not in the room any more."""
    return Ended(TEXTS[REMOVED], f"/rooms?reason={REMOVED}", "To all rooms; copy what is here before")


def answer(ended: Ended, status: int) -> Response:
    """The page goes on by itself, unless something unsent is written in it: then it says why, and stays."""
    return pages.fragment(render("live/ended.html", ended=ended), status)
