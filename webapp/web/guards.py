"""Runs rules for whoever sends a request: the session is looked up in the transaction that the rule runs in."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from starlette.requests import Request

from webapp.domain import accounts, memberships
from webapp.domain.accounts import Actor, Rule, acting, acting_for
from webapp.domain.errors import NotFound, TooMany
from webapp.domain.memberships import OwnRoom
from webapp.domain.transaction import Transaction
from webapp.web import forms
from webapp.web.requests import network, resources, session_hash

P = ParamSpec("P")
T = TypeVar("T")


async def read(request: Request, rule: Rule[P, T], *args: P.args, **kwargs: P.kwargs) -> tuple[Actor, T]:
    """(who asks, what the rule read for them). Raises SignedOut, Unavailable, and what the rule raises."""
    work = resources(request).work
    actor, result = await work.read(acting(session_hash(request), rule, *args, **kwargs))
    if actor.stale:
        await work.write(accounts.touch, actor.session)
    return actor, result


async def by_code(
    request: Request, what: str, known: Callable[[str], int | None], rule: Callable[[Transaction, int | None], T]
) -> T:
    """What the signed code in the URL is for, read by `rule`; `what` names such links in the plural.

    Raises what `rule` raises, NotFound for a wrong code among it, and TooMany after too many wrong ones.
    """
    held = resources(request)
    attempt = await held.throttle.guess(network(request))
    if attempt is None:
        raise TooMany(f"Too many wrong {what}: wait three minutes.", held.settings.limits.logins_seconds)
    async with held.throttle.tried(attempt, wrong=NotFound):
        return await held.work.read(rule, known(request.path_params["code"]))


async def read_page(
    request: Request, rule: Rule[P, T], *args: P.args, **kwargs: P.kwargs
) -> tuple[Actor, T, list[OwnRoom]]:
    """(who asks, what the rule read for them, their rooms), from one snapshot. Raises what `read` raises.

    What the people of direct rooms are called is what this process knows of them: a later name is told over the socket.
    """

    def with_rooms(tx: Transaction, actor: Actor) -> tuple[T, list[OwnRoom]]:
        return rule(tx, actor, *args, **kwargs), memberships.mine(tx, actor)

    actor, (result, rooms) = await read(request, with_rooms)
    held = resources(request)
    return actor, result, await held.people.called(rooms, actor.id, held.here)


async def write(request: Request, rule: Rule[P, T], *args: P.args, **kwargs: P.kwargs) -> tuple[Actor, T]:
    """(who asks, what the rule returned), once it is committed.

    Raises SignedOut, AnotherPerson for a form that was made for somebody else, TooMany, Unavailable, and what the rule
    raises; then nothing is written.
    """
    session, author, held = session_hash(request), await forms.author(request), resources(request)
    held.changes.check(session)
    actor, result = await held.work.write(acting_for(session, author, rule, *args, **kwargs))
    held.changes.belongs(actor.session, actor.id)
    return actor, result


async def read_for(request: Request, rule: Rule[P, T], *args: P.args, **kwargs: P.kwargs) -> tuple[Actor, T]:
    """(who sends a form, what the rule read for them). Raises what `read` raises, and AnotherPerson as `write` does."""
    author, work = await forms.author(request), resources(request).work
    return await work.read(acting_for(session_hash(request), author, rule, *args, **kwargs))


async def signed_in(request: Request) -> Actor:
    """Who asks. Raises SignedOut, Unavailable."""
    actor, _ = await read(request, nothing)
    return actor


def nothing(_tx: Transaction, _actor: Actor) -> None:
    """The rule of a page that only needs to know who asks."""
