"""Which people have signed in with a browser before: a signed cookie, which opens nothing.

A stranger who spends the tries of a name does not lock its owner out, because in a browser that the owner has used the
tries are counted for that browser and person alone. It names the browser and at most five people, each with a mark of
their password, so that it is over with the password.
"""

import hashlib
import secrets
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from webapp.services import cookies
from webapp.web.requests import resources

COOKIE = "browser"
MOST_PEOPLE = 5
LONGEST = 512
SECONDS = cookies.SESSION_SECONDS


@dataclass(frozen=True, slots=True)
class Known:
    """A browser's own name, and a mark for each person, whoever signed in last first."""

    browser: str
    people: dict[int, str]


def read(request: Request) -> Known | None:
    """None for a browser that nobody has signed in with."""
    held = resources(request)
    signed = cookies.read(held, request, COOKIE)
    text = held.signatures.browser(signed) if len(signed) <= LONGEST else None
    if text is None:
        return None
    browser, *people = text.split(".")
    pairs = (each.partition("-") for each in people)
    return Known(browser, {int(user): mark for user, _, mark in pairs})


def owner(known: Known | None, user_id: int, password_hash: str) -> str | None:
    """What the tries of this person in this browser are counted for, None for a stranger."""
    if known is None or known.people.get(user_id) != mark_of(password_hash):
        return None
    return f"{known.browser}:{user_id}"


def remember(request: Request, response: Response, user_id: int, password_hash: str) -> None:
    """Sets the cookie for this person, and who was there before."""
    held = resources(request)
    before = read(request) or Known(secrets.token_hex(8), {})
    people = {user_id: mark_of(password_hash)} | {who: mark for who, mark in before.people.items() if who != user_id}
    listed = [f"{who}-{mark}" for who, mark in list(people.items())[:MOST_PEOPLE]]
    signed = held.signatures.signed_browser(".".join([before.browser, *listed]))
    cookies.put(held, request, response, COOKIE, signed, SECONDS)


def mark_of(password_hash: str) -> str:
    """Changes with the password. The hash has a salt of its own, which nobody outside knows."""
    return hashlib.blake2b(password_hash.encode(), digest_size=8).hexdigest()
