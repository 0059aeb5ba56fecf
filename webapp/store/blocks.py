"""Whom people have blocked from writing to them alone."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select

from webapp.store.inserts import insert_unless_there
from webapp.store.schema import blocks, users
from webapp.store.users import SHOWN_NAME


@dataclass(frozen=True, slots=True)
class Blocked:
    """A person whom somebody has blocked."""

    id: int
    name: str
    username: str


def add(connection: Connection, user_id: int, blocked_id: int, now: int) -> None:
    """Does nothing the second time."""
    connection.execute(insert_unless_there(connection, blocks, user_id=user_id, blocked_id=blocked_id, created_at=now))


def remove(connection: Connection, user_id: int, blocked_id: int) -> None:
    connection.execute(delete(blocks).where(blocks.c.user_id == user_id, blocks.c.blocked_id == blocked_id))


def has(connection: Connection, user_id: int, blocked_id: int) -> bool:
    """Whether the first has blocked the second."""
    found = select(blocks.c.user_id).where(blocks.c.user_id == user_id, blocks.c.blocked_id == blocked_id)
    return connection.execute(found).first() is not None


def count(connection: Connection, user_id: int) -> int:
    return int(connection.execute(select(func.count()).where(blocks.c.user_id == user_id)).scalar_one())


def of_user(connection: Connection, user_id: int) -> list[Blocked]:
    """Those whom this person has blocked, by name."""
    found = (
        select(users.c.id, SHOWN_NAME, users.c.username)
        .join(blocks, blocks.c.blocked_id == users.c.id)
        .where(blocks.c.user_id == user_id)
        .order_by(func.lower(users.c.display_name), users.c.id)
    )
    return [Blocked(*row) for row in connection.execute(found)]
