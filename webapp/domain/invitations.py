"""Invitations: created by admins, used by whoever has the link."""

from dataclasses import dataclass

from webapp.domain import policy
from webapp.domain.errors import Forbidden, Invalid, NotFound
from webapp.domain.policy import Person
from webapp.domain.transaction import Transaction
from webapp.store import invitations
from webapp.store.invitations import Invitation

DAY = 86_400_000_000
MOST_USES, MOST_DAYS = 1_000, 365
OVER = "This invitation has been used up, is over or was revoked. Ask who sent it for a new one."

__all__ = ["Invitation", "Shown", "check", "make", "newest", "revoke", "use"]


@dataclass(frozen=True, slots=True)
class Shown:
    """An invitation in the admin's list; `state` is open, used up, over or revoked."""

    invitation: Invitation
    state: str


def make(tx: Transaction, actor: Person, uses: int | None, days: int | None) -> int:
    """The new invitation's id. Raises Forbidden, Invalid."""
    require_admin(actor)
    wanted = within("uses", uses, MOST_USES)
    expires_at = tx.now + within("days", days, MOST_DAYS) * DAY
    return invitations.add(tx.connection, actor.id, wanted, expires_at, tx.now)


def within(field: str, value: int | None, most: int) -> int:
    if value is None or not 1 <= value <= most:
        raise Invalid(**{field: f"The number of {field} is a whole number from 1 to {most}, such as 7."})
    return value


def newest(tx: Transaction, actor: Person) -> list[Shown]:
    require_admin(actor)
    return [Shown(each, state(each, tx.now)) for each in invitations.newest(tx.connection, 100)]


def state(invitation: Invitation, now: int) -> str:
    if invitation.revoked_at is not None:
        return "revoked"
    if not invitation.uses_left:
        return "used up"
    return "over" if invitation.expires_at <= now else "open"


def revoke(tx: Transaction, actor: Person, invitation_id: int) -> None:
    require_admin(actor)
    if not invitations.revoke(tx.connection, invitation_id, tx.now):
        raise NotFound("There is no such invitation that could still be revoked.")


def check(tx: Transaction, invitation_id: int | None) -> int:
    """The id, if the invitation can still be used. Raises NotFound."""
    found = invitations.find(tx.connection, invitation_id) if invitation_id is not None else None
    if found is None or state(found, tx.now) != "open":
        raise NotFound(OVER)
    return found.id


def use(tx: Transaction, invitation_id: int) -> None:
    if not invitations.use(tx.connection, invitation_id, tx.now):
        raise NotFound(OVER)


def require_admin(actor: Person) -> None:
    if not policy.may_administer(actor):
        raise Forbidden("Only an admin may do this.")
