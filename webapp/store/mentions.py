"""Whom messages name: the members of their rooms that they are links to."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, insert, select

from webapp.store.schema import Id, memberships, mentions, users


@dataclass(frozen=True, slots=True)
class Named:
    """A member of the room by their username; their role in it."""

    id: int
    username: str
    role: str


NAMED = (
    select(users.c.id, users.c.username, memberships.c.role)
    .join(memberships, memberships.c.user_id == users.c.id)
    .where(memberships.c.room_id == bindparam("room"), users.c.username.in_(bindparam("names", expanding=True)))
)
ADD_ALL = insert(mentions).from_select(
    ["message_id", "user_id"],
    select(bindparam("message", type_=Id), memberships.c.user_id).where(memberships.c.room_id == bindparam("room")),
)
OF_MESSAGE = select(mentions.c.user_id).where(mentions.c.message_id == bindparam("message"))


def named(connection: Connection, room_id: int, names: Sequence[str]) -> list[Named]:
    """Those of these usernames who are in the room."""
    return [Named(*row) for row in connection.execute(NAMED, {"room": room_id, "names": list(names)})]


def add(connection: Connection, message_id: int, user_ids: Collection[int]) -> None:
    connection.execute(insert(mentions), [{"message_id": message_id, "user_id": each} for each in sorted(user_ids)])


def add_all(connection: Connection, message_id: int, room_id: int) -> None:
    """Everybody who is in the room."""
    connection.execute(ADD_ALL, {"message": message_id, "room": room_id})


def of_message(connection: Connection, message_id: int) -> set[int]:
    return set(connection.execute(OF_MESSAGE, {"message": message_id}).scalars())


def remove(connection: Connection, message_id: int) -> None:
    """All of this message."""
    connection.execute(delete(mentions).where(mentions.c.message_id == message_id))
