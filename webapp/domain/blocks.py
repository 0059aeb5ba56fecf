"""Blocks: whoever is blocked cannot start a direct room for two with that person, nor write in it. That is all."""

from webapp.domain import accounts
from webapp.domain.accounts import Actor
from webapp.domain.errors import Blocked, Invalid, NotFound
from webapp.domain.memberships import Party
from webapp.domain.transaction import Transaction
from webapp.store import blocks
from webapp.store.blocks import Blocked as BlockedPerson

MOST_BLOCKED = 500

__all__ = ["BlockedPerson", "block", "check", "everybody", "has", "unblock"]


def block(tx: Transaction, actor: Actor, user_id: int) -> None:
    """Raises NotFound, Invalid."""
    if not accounts.exists(tx, user_id):
        raise NotFound("Nobody here has this number.")
    if user_id == actor.id:
        raise Invalid(form="You cannot block yourself.")
    if blocks.count(tx.connection, actor.id) >= MOST_BLOCKED:
        raise Invalid(form=f"You have blocked {MOST_BLOCKED} people, which is the most. Unblock one of them first.")
    blocks.add(tx.connection, actor.id, user_id, tx.now)


def unblock(tx: Transaction, actor: Actor, user_id: int) -> None:
    blocks.remove(tx.connection, actor.id, user_id)


def has(tx: Transaction, actor: Actor, user_id: int) -> bool:
    """Whether the actor has blocked this person."""
    return blocks.has(tx.connection, actor.id, user_id)


def everybody(tx: Transaction, actor: Actor) -> list[BlockedPerson]:
    """Those whom the actor has blocked, by name."""
    return blocks.of_user(tx.connection, actor.id)


def check(
    tx: Transaction, author_id: int, party: Party | None, what: str = "It was not sent; your text is kept."
) -> None:
    """Raises Blocked when these are two, and the other one has blocked the author. `what` has become of it."""
    if party is None or len(party.people) != 2:
        return
    others = [each for each in party.people if each != author_id]
    if len(others) == 1 and blocks.has(tx.connection, others[0], author_id):
        raise Blocked(what)
