"""Whom messages name: the members of their rooms that they are links to."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select

from webapp.store.schema import Id, memberships, mentions, messages, users
from webapp.store.users import SHOWN_NAME


@dataclass(frozen=True, slots=True)
class Named:
    """A member of the room by their username; their role in it."""

    id: int
    username: str
    role: str


@dataclass(frozen=True, slots=True)
class Nameable:
    """A member of the room who may be meant; `name` as it is shown."""

    id: int
    username: str
    name: str


SPECIAL = re.compile(r"[\\%_]")
NAMED = (
    select(users.c.id, users.c.username, memberships.c.role)
    .join(memberships, memberships.c.user_id == users.c.id)
    .where(memberships.c.room_id == bindparam("room"), users.c.username.in_(bindparam("names", expanding=True)))
)
ADD_ALL = insert(mentions).from_select(
    ["message_id", "user_id"],
    select(bindparam("message", type_=Id), memberships.c.user_id).where(memberships.c.room_id == bindparam("room")),
)
# Who spoke last, among the newest messages alone: by the index of the room's log, however long it is.
LATELY = (
    select(messages.c.author_id, messages.c.id)
    .where(messages.c.room_id == bindparam("room"))
    .order_by(messages.c.id.desc())
    .limit(bindparam("lately"))
    .subquery()
)
SPOKE = select(LATELY.c.author_id, func.max(LATELY.c.id).label("last")).group_by(LATELY.c.author_id).subquery()
NAME = func.lower(users.c.display_name)
NAMEABLE = (
    select(users.c.id, users.c.username, SHOWN_NAME)
    .join(memberships, memberships.c.user_id == users.c.id)
    .outerjoin(SPOKE, SPOKE.c.author_id == users.c.id)
    .where(
        memberships.c.room_id == bindparam("room"),
        users.c.id != bindparam("actor"),
        or_(
            users.c.username.like(bindparam("begins"), escape="\\"),
            NAME.like(bindparam("begins"), escape="\\"),
            NAME.like(bindparam("within"), escape="\\"),
        ),
    )
    .order_by(func.coalesce(SPOKE.c.last, 0).desc(), users.c.username)
    .limit(bindparam("most"))
)
OF_MESSAGE = select(mentions.c.user_id).where(mentions.c.message_id == bindparam("message"))


def named(connection: Connection, room_id: int, names: Sequence[str]) -> list[Named]:
    """Those of these usernames who are in the room."""
    return [Named(*row) for row in connection.execute(NAMED, {"room": room_id, "names": list(names)})]


def nameable(
    connection: Connection, room_id: int, actor_id: int, begins: str, most: int, lately: int
) -> list[Nameable]:
    """Others in the room whose username, or a word of whose name, begins so; who spoke `lately`, the last first."""
    escaped = SPECIAL.sub(r"\\\g<0>", begins)
    values = {"room": room_id, "actor": actor_id, "begins": f"{escaped}%", "within": f"% {escaped}%", "most": most,
              "lately": lately}  # fmt: skip
    return [Nameable(*row) for row in connection.execute(NAMEABLE, values)]


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
