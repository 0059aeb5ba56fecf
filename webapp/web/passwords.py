"""Checks passwords: the attempt is counted first, then waits for its turn to be hashed; a refused one costs no hash."""

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

    An unknown name and a wrong password look and last the same, and so do too many of either. A browser that the person
    has used before has attempts of its own; its cookie says so, and the name is looked up before only for such a one.
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
    """The hash for a new account. Raises Busy."""
    return await resources(request).passwords.hash(caller(request, username), password)


def caller(request: Request, name: str, owner: str | None = None) -> Caller:
    """What decides whose turn it is in the queue for a hash."""
    here = address(request)
    return Caller((addresses.site(here), addresses.network(here), owner or name), owner is not None)
