"""The door of every page but the first ones: who asks is found in the same transaction that serves them."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from starlette.requests import Request

from webapp.domain import accounts, memberships
from webapp.domain.accounts import Actor
from webapp.domain.errors import NotFound
from webapp.domain.transaction import Transaction
from webapp.web import forms
from webapp.web.requests import resources, session_hash

P = ParamSpec("P")
T = TypeVar("T")
Verb = Callable[Concatenate[Transaction, Actor, P], T]


async def read(request: Request, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> tuple[Actor, T]:
    """(who asks, what the verb read for them). Raises SignedOut, and what the verb raises."""
    as_actor = behind_door(session_hash(request), verb, *args, **kwargs)
    work = resources(request).work
    actor, result = await work.read(as_actor)
    if actor.stale:
        await work.write(accounts.touch, actor.session)
    return actor, result


async def write(request: Request, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> tuple[Actor, T]:
    """The same for a verb that changes something: nothing is written when the session has ended by then.

    On PostgreSQL the verb may have waited for a lock, and meanwhile somebody signed out. Raises TooMany, too, and
    AnotherPerson for a form that was made for somebody else.
    """
    session, author, held = session_hash(request), await forms.author(request), resources(request)

    def to_the_end(tx: Transaction) -> tuple[Actor, T]:
        actor = accounts.authenticate(tx, session, author)
        result = verb(tx, actor, *args, **kwargs)
        accounts.authenticate(tx, session)
        return actor, result

    held.changes.check(session)
    actor, result = await held.work.write(to_the_end)
    held.changes.belongs(actor.session, actor.id)
    return actor, result


def behind_door(
    session: str | None, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs
) -> Callable[[Transaction], tuple[Actor, T]]:
    """The verb, for whoever this session says, or SignedOut."""

    def as_actor(tx: Transaction) -> tuple[Actor, T]:
        actor = accounts.authenticate(tx, session)
        return actor, verb(tx, actor, *args, **kwargs)

    return as_actor


async def signed_in(request: Request) -> Actor:
    actor, _ = await read(request, nothing_more)
    return actor


def nothing_more(_tx: Transaction, _actor: Actor) -> None:
    """For who only wants to know who asks."""


async def is_member(request: Request, actor: Actor, room_id: int | None) -> bool:
    if room_id is None:
        return False
    try:
        await resources(request).work.read(memberships.require, actor, room_id)
    except NotFound:
        return False
    return True
