"""One-time links to set a new password: made by an admin for a member, or on the command line for anybody."""

from dataclasses import dataclass

from webapp.domain import accounts, invitations
from webapp.domain.accounts import Actor
from webapp.domain.errors import Forbidden, NotFound
from webapp.domain.transaction import Transaction
from webapp.store import resets
from webapp.store.resets import Person, Reset

DAY = 86_400_000_000
LISTED = 200
WRONG = "This link is not one of ours, or not all of it. Copy the whole link, or ask an admin for a new one."
USED = (
    "This link was used already: a link works once. Sign in with the password that was set with it. If that was not"
    " you, tell an admin at once."
)
OVER = "This link is over: it worked for a day, or until the password was changed. Ask an admin for a new one."
REPLACED = "A newer link was made after this one. Use that one, or ask an admin for a new one."

__all__ = ["Listed", "Person", "Reset", "check", "end", "everybody", "make", "make_for", "use"]


@dataclass(frozen=True, slots=True)
class Listed:
    """A person in the admin's list, with the link that they can use, if there is one."""

    person: Person
    reset: Reset | None


def everybody(tx: Transaction, actor: Actor, text: str) -> list[Listed]:
    """The people whose name or username holds this text, at most LISTED. Raises Forbidden."""
    invitations.require_admin(actor)
    found = resets.people(tx.connection, text.strip().lower(), LISTED)
    links = {each.user_id: each for each in resets.open_ones(tx.connection, [each.id for each in found], tx.now)}
    return [Listed(each, links.get(each.id) if each.role != "admin" else None) for each in found]


def make(tx: Transaction, actor: Actor, user_id: int) -> int:
    """The id of a link for a member; an older one of theirs is over. Raises Forbidden, NotFound."""
    invitations.require_admin(actor)
    person = resets.person(tx.connection, user_id)
    if person is None:
        raise NotFound("Nobody here has this number.")
    if person.role == "admin":
        raise Forbidden("A link for an admin is made on the server alone: python -m webapp reset-password USERNAME.")
    return resets.add(tx.connection, user_id, actor.id, tx.now + DAY, tx.now)


def make_for(tx: Transaction, username: str) -> int:
    """The same for anybody, by who runs the server. Raises NotFound."""
    user = accounts.find(tx, username)
    if user is None:
        raise NotFound(f"Nobody here has the username {username}.")
    return resets.add(tx.connection, user.id, None, tx.now + DAY, tx.now)


def check(tx: Transaction, reset_id: int | None) -> Reset:
    """The link, if it can be used now. Raises NotFound, which says why it cannot."""
    found = resets.find(tx.connection, reset_id) if reset_id is not None else None
    if found is None:
        raise NotFound(WRONG)
    if found.used_at is not None:
        raise NotFound(USED)
    if found.id != found.newest:
        raise NotFound(REPLACED)
    if found.expires_at <= tx.now or (found.role == "admin" and found.made_by is not None):
        raise NotFound(OVER)
    return found


def use(tx: Transaction, reset_id: int, password_hash: str) -> int:
    """Set the password, and end all sessions; the id of the link's person. Raises NotFound."""
    found = check(tx, reset_id)
    if not resets.use(tx.connection, reset_id, tx.now):
        raise NotFound(USED)
    accounts.set_password(tx, found.user_id, None, password_hash, None)
    return found.user_id


def end(tx: Transaction, user_id: int) -> None:
    """Whatever link of this person could still be used is over: they have changed their password themselves."""
    resets.end(tx.connection, user_id, tx.now)
