"""Invitations to sign up. The code in the link is made from the id and the secret key; it is not kept."""

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from webapp.store.schema import invitations


@dataclass(frozen=True, slots=True)
class Invitation:
    id: int
    created_at: int
    expires_at: int
    uses_left: int
    revoked_at: int | None


COLUMNS = (
    invitations.c.id,
    invitations.c.created_at,
    invitations.c.expires_at,
    invitations.c.uses_left,
    invitations.c.revoked_at,
)


def add(connection: Connection, made_by: int, uses: int, expires_at: int, now: int) -> int:
    made = connection.execute(
        insert(invitations)
        .values(made_by=made_by, uses_left=uses, expires_at=expires_at, created_at=now)
        .returning(invitations.c.id)
    )
    return int(made.scalar_one())


def find(connection: Connection, invitation_id: int) -> Invitation | None:
    row = connection.execute(select(*COLUMNS).where(invitations.c.id == invitation_id)).first()
    return Invitation(*row) if row else None


def newest(connection: Connection, limit: int) -> list[Invitation]:
    rows = connection.execute(select(*COLUMNS).order_by(invitations.c.id.desc()).limit(limit))
    return [Invitation(*row) for row in rows]


def use(connection: Connection, invitation_id: int, now: int) -> bool:
    """Use it once; False when it is used up, expired or revoked."""
    taken = connection.execute(
        update(invitations)
        .where(invitations.c.id == invitation_id, invitations.c.uses_left > 0)
        .where(invitations.c.expires_at > now, invitations.c.revoked_at.is_(None))
        .values(uses_left=invitations.c.uses_left - 1)
    )
    return taken.rowcount == 1


def revoke(connection: Connection, invitation_id: int, now: int) -> bool:
    done = connection.execute(
        update(invitations)
        .where(invitations.c.id == invitation_id, invitations.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    return done.rowcount == 1
