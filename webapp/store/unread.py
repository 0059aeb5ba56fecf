"""Read marks: how far each member has seen a room's log. This file alone changes these columns of memberships."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select, update

from webapp.store.prepared import Prepared
from webapp.store.schema import memberships, messages, rooms


@dataclass(frozen=True, slots=True)
class Mark:
    """This person has seen the room's log up to this revision."""

    room_id: int
    user_id: int
    revision: int


@dataclass(frozen=True, slots=True)
class State:
    """A room as one member has read it. `posted_revision`, `posted_by`: of its newest message, 0 and None without.

    `direct`: it is a direct room.
    """

    user_id: int
    room_id: int
    read_revision: int
    held: bool
    posted_revision: int
    posted_by: int | None
    direct: bool


@dataclass(frozen=True, slots=True)
class Posted:
    """A room's newest message."""

    room_id: int
    revision: int
    author_id: int


OF_MEMBERSHIP = (memberships.c.room_id == bindparam("room")) & (memberships.c.user_id == bindparam("user"))
MARK = Prepared(
    update(memberships)
    .where(OF_MEMBERSHIP, memberships.c.read_revision < bindparam("revision"))
    .values(read_revision=bindparam("revision"), held=False)
)
HOLD = update(memberships).where(OF_MEMBERSHIP).values(read_revision=bindparam("revision"), held=True)
STATES = (
    select(
        memberships.c.user_id,
        memberships.c.room_id,
        memberships.c.read_revision,
        memberships.c.held,
        rooms.c.last_posted_revision,
        rooms.c.last_author_id,
        rooms.c.people_key.is_not(None),
    )
    .join(rooms, rooms.c.id == memberships.c.room_id)
    .where(memberships.c.user_id.in_(bindparam("users", expanding=True)))
)
POSTED_SINCE = select(rooms.c.id, rooms.c.last_posted_revision, rooms.c.last_author_id).where(
    rooms.c.last_posted_at > bindparam("moment"), rooms.c.last_author_id.is_not(None)
)
# By revision, which has an index: an edited message stands later there than it was posted, and is passed over.
FIRST_SINCE = (
    select(messages.c.id)
    .where(
        messages.c.room_id == bindparam("room"),
        messages.c.revision > bindparam("revision"),
        messages.c.posted_revision > bindparam("revision"),
        messages.c.deleted_at.is_(None),
    )
    .order_by(messages.c.revision)
    .limit(1)
)


def mark(connection: Connection, mark: Mark) -> None:
    """Never back; nothing for who is no member."""
    MARK.all(connection, {"room": mark.room_id, "user": mark.user_id, "revision": mark.revision})


def hold(connection: Connection, mark: Mark) -> None:
    """Back to this revision."""
    connection.execute(HOLD, {"room": mark.room_id, "user": mark.user_id, "revision": mark.revision})


def states(connection: Connection, user_ids: Sequence[int]) -> list[State]:
    return [State(*row) for row in connection.execute(STATES, {"users": list(user_ids)})]


def posted_since(connection: Connection, moment: int) -> list[Posted]:
    """The rooms that were posted in after this moment, in microseconds since 1970."""
    return [Posted(*row) for row in connection.execute(POSTED_SINCE, {"moment": moment})]


def first_since(connection: Connection, room_id: int, revision: int) -> int | None:
    """The first message that was posted after this revision, and not edited since."""
    return connection.execute(FIRST_SINCE, {"room": room_id, "revision": revision}).scalar()
