"""Sessions. Only the hash of the token is stored, so a stolen copy signs nobody in."""

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from webapp.store.prepared import Prepared
from webapp.store.schema import sessions, users
from webapp.store.users import SHOWN_NAME


@dataclass(frozen=True, slots=True)
class Session:
    id_hash: str
    created_at: int
    seen_at: int
    user_id: int
    username: str
    display_name: str
    role: str


FIND = Prepared(
    select(
        sessions.c.id_hash,
        sessions.c.created_at,
        sessions.c.seen_at,
        users.c.id,
        users.c.username,
        SHOWN_NAME,
        users.c.role,
    )
    .join(users, users.c.id == sessions.c.user_id)
    .where(sessions.c.id_hash == bindparam("id_hash"))
)


def find(connection: Connection, id_hash: str) -> Session | None:
    row = FIND.first(connection, {"id_hash": id_hash})
    return Session(*row) if row else None


def add(connection: Connection, id_hash: str, user_id: int, now: int, address: str, device: str) -> None:
    connection.execute(
        insert(sessions).values(
            id_hash=id_hash, user_id=user_id, created_at=now, seen_at=now, address=address, device=device
        )
    )


def touch(connection: Connection, id_hash: str, now: int) -> None:
    connection.execute(update(sessions).where(sessions.c.id_hash == id_hash).values(seen_at=now))


def remove(connection: Connection, id_hash: str) -> int | None:
    """Delete it; returns its user's id, None when there was none."""
    removed = connection.execute(
        delete(sessions).where(sessions.c.id_hash == id_hash).returning(sessions.c.user_id)
    ).first()
    return int(removed[0]) if removed else None


def before_newest(connection: Connection, user_id: int, count: int) -> list[str]:
    """The hashes of this person's sessions except the newest `count`."""
    found = select(sessions.c.id_hash).where(sessions.c.user_id == user_id)
    newest_first = found.order_by(sessions.c.created_at.desc(), sessions.c.id_hash).limit(1000).offset(count)
    return list(connection.execute(newest_first).scalars())


def remove_expired(connection: Connection, created_before: int, seen_before: int) -> None:
    connection.execute(
        delete(sessions).where((sessions.c.created_at < created_before) | (sessions.c.seen_at < seen_before))
    )
