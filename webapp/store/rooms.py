"""Rooms, and the head of each room's log."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import Connection, bindparam, case, exists, func, insert, literal, select, update

from webapp.store.party import Party, party_of
from webapp.store.prepared import Prepared
from webapp.store.schema import community, memberships, rooms


@dataclass(frozen=True, slots=True)
class Room:
    """`party` is None for a room that is not direct. A direct room's visibility is that of a closed one."""

    id: int
    name: str
    topic: str
    visibility: str
    head: int
    party: Party | None = None

    @property
    def direct(self) -> bool:
        return self.party is not None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a room's page shows of the room itself, and the revision of the change that made it so."""

    id: ClassVar[int] = 0  # where it stands among the changes of its log: before all messages
    room_id: int
    name: str
    topic: str
    visibility: str
    community: str
    revision: int


@dataclass(frozen=True, slots=True)
class Listing:
    """A room as its directory shows it to one person."""

    room: Room
    members: int
    role: str | None


class Position(NamedTuple):
    """A new message's position in its room's log: its revision, who posted before it and when, its moment; and whom
    the room is for, if it is direct."""

    revision: int
    previous_author_id: int | None
    previous_posted_at: int | None
    posted_at: int
    party: Party | None = None


COLUMNS = (rooms.c.id, rooms.c.name, rooms.c.topic, rooms.c.visibility, rooms.c.head, rooms.c.people_key)
HEADS = select(rooms.c.id, rooms.c.head).where(rooms.c.id.in_(bindparam("ids", expanding=True)))
ADVANCE = update(rooms).where(rooms.c.id == bindparam("room")).values(head=rooms.c.head + 1).returning(rooms.c.head)
COMMUNITY = func.coalesce(select(community.c.name).scalar_subquery(), "")
FACTS = (rooms.c.id, rooms.c.name, rooms.c.topic, rooms.c.visibility, COMMUNITY, rooms.c.changed_revision)
DAY = 86_400_000_000
# The clock may have been set back: within a day no moment is earlier than that of the message before.
MOMENT = case(
    (
        (rooms.c.last_posted_at > bindparam("now")) & (rooms.c.last_posted_at <= bindparam("tomorrow")),
        rooms.c.last_posted_at,
    ),
    else_=bindparam("now"),
)
# The right-hand sides see the row as it was: last becomes previous in the statement that sets the new last.
POSITION = Prepared(
    update(rooms)
    .where(rooms.c.id == bindparam("room"))
    .where(exists().where(memberships.c.room_id == rooms.c.id, memberships.c.user_id == bindparam("author")))
    .values(
        head=rooms.c.head + 1,
        previous_author_id=rooms.c.last_author_id,
        previous_posted_at=rooms.c.last_posted_at,
        last_author_id=bindparam("author"),
        last_posted_at=MOMENT,
        last_posted_revision=rooms.c.head + 1,
    )
    .returning(
        rooms.c.head,
        rooms.c.previous_author_id,
        rooms.c.previous_posted_at,
        rooms.c.last_posted_at,
        rooms.c.people_key,
    )
)


def add(connection: Connection, name: str, topic: str, visibility: str, now: int) -> int:
    made = connection.execute(
        insert(rooms).values(name=name, topic=topic, visibility=visibility, created_at=now).returning(rooms.c.id)
    )
    return int(made.scalar_one())


def change(connection: Connection, room_id: int, name: str, topic: str, visibility: str) -> Facts:
    """What the room is from its next revision on. Holds the room's lock until the end of the transaction."""
    values = {"name": name, "topic": topic, "visibility": visibility}
    following = rooms.c.head + 1
    changed = update(rooms).where(rooms.c.id == room_id).values(head=following, changed_revision=following, **values)
    return Facts(*connection.execute(changed.returning(*FACTS)).one())


def facts(connection: Connection, room_id: int) -> Facts | None:
    """None for a direct room: each of its readers sees another name."""
    row = connection.execute(select(*FACTS).where(rooms.c.id == room_id, rooms.c.people_key.is_(None))).first()
    return Facts(*row) if row else None


def advance(connection: Connection, room_id: int) -> int:
    """The revision of a change that is about to be written. Holds the room's lock until the end of the transaction."""
    return int(connection.execute(ADVANCE, {"room": room_id}).scalar_one())


def position(connection: Connection, room_id: int, author_id: int, now: int) -> Position | None:
    """The position of this member's next message, with the room's lock; None to who is no member."""
    row = POSITION.first(connection, {"room": room_id, "author": author_id, "now": now, "tomorrow": now + DAY})
    return Position(*(*row[:4], party_of(row[4]))) if row else None


def set_last(connection: Connection, room_id: int, author_id: int | None, posted_at: int | None, revision: int) -> None:
    last = {"last_author_id": author_id, "last_posted_at": posted_at, "last_posted_revision": revision}
    connection.execute(update(rooms).where(rooms.c.id == room_id).values(**last))


def last_posted_at(connection: Connection, room_id: int) -> int:
    return int(connection.execute(select(rooms.c.last_posted_at).where(rooms.c.id == room_id)).scalar_one() or 0)


def oldest_open(connection: Connection) -> int | None:
    oldest = select(rooms.c.id).where(rooms.c.visibility == "open").order_by(rooms.c.id).limit(1)
    return connection.execute(oldest).scalar()


def heads(connection: Connection, room_ids: Iterable[int]) -> dict[int, int]:
    return {row[0]: row[1] for row in connection.execute(HEADS, {"ids": list(room_ids)})}


def directory(connection: Connection, user_id: int, empty: bool) -> list[Listing]:
    """The open rooms, this person's closed ones, and if `empty` those that nobody is in. Never a direct one."""
    counted = select(memberships.c.room_id, func.count().label("members")).group_by(memberships.c.room_id).subquery()
    rows = connection.execute(
        select(*COLUMNS, func.coalesce(counted.c.members, 0), memberships.c.role)
        .outerjoin(counted, counted.c.room_id == rooms.c.id)
        .outerjoin(memberships, (memberships.c.room_id == rooms.c.id) & (memberships.c.user_id == user_id))
        .where(
            rooms.c.people_key.is_(None),
            (rooms.c.visibility == "open")
            | memberships.c.role.is_not(None)
            | (literal(empty) & counted.c.members.is_(None)),
        )
        .order_by(rooms.c.id)
    )
    return [Listing(room_of(row), row[6], row[7]) for row in rows]


def room_of(row: Sequence[Any]) -> Room:
    """From a row that begins with COLUMNS."""
    return Room(*(*row[:5], party_of(row[5])))
