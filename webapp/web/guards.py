"""The door of every page but the first ones: who asks is found in the same transaction that serves them."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from starlette.requests import Request

from webapp.domain import accounts, memberships
from webapp.domain.accounts import Actor
from webapp.domain.errors import NotFound
from webapp.domain.unit_of_work import Transaction
from webapp.web.requests import resources, session_hash

P = ParamSpec("P")
T = TypeVar("T")
Verb = Callable[Concatenate[Transaction, Actor, P], T]


async def read(request: Request, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> tuple[Actor, T]:
    """(who asks, what the verb read for them). Raises SignedOut, and what the verb raises."""
    work = resources(request).work
    actor, result = await work.read(_as_actor, session_hash(request), verb, *args, **kwargs)
    if actor.stale:
        await work.write(accounts.touch, actor.session)
    return actor, result


async def write(request: Request, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> tuple[Actor, T]:
    """The same for a verb that writes."""
    return await resources(request).work.write(_as_actor, session_hash(request), verb, *args, **kwargs)


async def signed_in(request: Request) -> Actor:
    actor, _ = await read(request, nothing_more)
    return actor


def nothing_more(_tx: Transaction, _actor: Actor) -> None:
    """For who only wants to know who asks."""


def _as_actor(
    tx: Transaction, session: str | None, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs
) -> tuple[Actor, T]:
    actor = accounts.authenticate(tx, session)
    return actor, verb(tx, actor, *args, **kwargs)


async def is_member(request: Request, actor: Actor, room_id: int) -> bool:
    try:
        await resources(request).work.read(memberships.require, actor, room_id)
    except NotFound:
        return False
    return True
