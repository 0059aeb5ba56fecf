"""Remembers in a signed cookie which people have signed in with a browser. The cookie gives no access.

In a browser that a person has used, wrong passwords are counted for that browser and person alone: so a stranger who
uses up the attempts of a name does not lock its owner out. The cookie names the browser and at most five people, each
with a mark of their password, so that a new password makes it void.
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
    """A browser's random name, and a mark for each person by id; who signed in last comes first."""

    browser: str
    people: dict[int, str]


def read(request: Request) -> Known | None:
    """The cookie's content; None when there is none of ours."""
    held = resources(request)
    signed = cookies.read(held, request, COOKIE)
    text = held.signatures.browser(signed) if len(signed) <= LONGEST else None
    if text is None:
        return None
    browser, *people = text.split(".")
    pairs = (each.partition("-") for each in people)
    return Known(browser, {int(user): mark for user, _, mark in pairs})


def owner(known: Known | None, user_id: int, password_hash: str) -> str | None:
    """The key that this person's attempts in this browser are counted by; None when they have not used it before."""
    if known is None or known.people.get(user_id) != mark_of(password_hash):
        return None
    return f"{known.browser}:{user_id}"


def remember(request: Request, response: Response, user_id: int, password_hash: str) -> None:
    """Set the cookie: this person, and those who were in it."""
    held = resources(request)
    before = read(request) or Known(secrets.token_hex(8), {})
    people = {user_id: mark_of(password_hash)} | {who: mark for who, mark in before.people.items() if who != user_id}
    listed = [f"{who}-{mark}" for who, mark in list(people.items())[:MOST_PEOPLE]]
    signed = held.signatures.signed_browser(".".join([before.browser, *listed]))
    cookies.put(held, request, response, COOKIE, signed, SECONDS)


def mark_of(password_hash: str) -> str:
    """Changes with the password, and tells nothing of it: the hash has a secret salt."""
    return hashlib.blake2b(password_hash.encode(), digest_size=8).hexdigest()
