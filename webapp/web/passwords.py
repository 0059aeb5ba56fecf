"""Whose password this is: counted first, then in the queue for a hash, so that what is refused costs none."""

from starlette.requests import Request

from webapp import addresses
from webapp.domain import accounts, names
from webapp.domain.errors import SignedOut, TooMany
from webapp.services.passwords import Caller
from webapp.web import browsers
from webapp.web.requests import address, network, resources

WRONG = "Username and password do not fit together, or there were too many attempts: then wait three minutes."


async def check(request: Request, username: str, password: str) -> tuple[int, str]:
    """(id, password hash) of the person. Raises SignedOut, TooMany, Busy.

    An unknown name and a wrong password look and last the same, and too many of either look the same. A browser that
    knows the person has tries of its own; whether it does is a fact of its cookie, so only such a cookie is looked up.
    """
    held = resources(request)
    name = names.known_username(username)
    if name is None:
        raise SignedOut(WRONG)
    known = browsers.read(request)
    found = await held.work.read(accounts.password_of, name) if known else None
    owner = browsers.owner(known, *found) if found else None
    attempt = await (held.throttle.sign_in_again(owner) if owner else held.throttle.sign_in(network(request), name))
    if attempt is None:
        raise TooMany(WRONG, held.settings.limits.logins_seconds)
    async with held.throttle.tried(attempt, wrong=SignedOut):
        if not known:
            found = await held.work.read(accounts.password_of, name)
        fits = await held.passwords.verify(caller(request, name, owner), found[1] if found else None, password)
        if not fits or found is None:
            raise SignedOut(WRONG)
        return found


async def hashed(request: Request, username: str, password: str) -> str:
    """For a new account. Raises Busy."""
    return await resources(request).passwords.hash(caller(request, username), password)


def caller(request: Request, name: str, owner: str | None = None) -> Caller:
    here = address(request)
    return Caller((addresses.site(here), addresses.network(here), owner or name), owner is not None)
