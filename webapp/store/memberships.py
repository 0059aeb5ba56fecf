"""Memberships: who is in which room."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, String, bindparam, cast, delete, func, insert, literal_column, select, update

from webapp.store.party import Party, party_of
from webapp.store.prepared import Prepared
from webapp.store.rooms import COLUMNS, Room, room_of
from webapp.store.schema import memberships, notifications, rooms, users


@dataclass(frozen=True, slots=True)
class Member:
    user_id: int
    username: str
    display_name: str
    role: str


@dataclass(frozen=True, slots=True)
class Named:
    """A person in the name of a direct room. `note`: `left` when they are not in it any more, `you` in one's own.
    `here`: they are in some room, just now."""

    id: int
    name: str
    note: str = ""
    here: bool = False


@dataclass(frozen=True, slots=True)
class OwnRoom:
    """A room in the list of somebody who is in it. `read_revision`: what of its log they have seen.

    `calls` are the messages that wait for them, each with the revision up to which the room is read when it is seen.
    A direct room has a `party`, and until a message is later than `hidden_revision` only its own page lists it. Its
    name and `people` depend on what those are called: services/people.py fills them in.
    """

    id: int
    name: str
    visibility: str
    posted_revision: int
    posted_by: int | None
    read_revision: int
    held: bool
    user_id: int
    calls: tuple[tuple[int, int], ...] = ()
    hidden_revision: int = 0
    party: Party | None = None
    people: tuple[Named, ...] = ()

    @property
    def unseen(self) -> set[int]:
        """The messages that still wait for them."""
        return {message for message, revision in self.calls if revision > self.read_revision}

    @property
    def waiting(self) -> int:
        """How many these are."""
        return len(self.unseen)

    @property
    def listed(self) -> bool:
        return self.party is None or self.held or self.posted_revision > self.hidden_revision

    @property
    def unread(self) -> bool:
        """Whether the newest message is later and somebody else's, or their mark as unread stands."""
        return self.posted_revision > self.read_revision and (self.posted_by != self.user_id or self.held)


# The room with the asker's role in it, NULL for a person who is no member.
DOOR = Prepared(
    select(*COLUMNS, memberships.c.role)
    .outerjoin(memberships, (memberships.c.room_id == rooms.c.id) & (memberships.c.user_id == bindparam("user")))
    .where(rooms.c.id == bindparam("room"))
)
# What waits for this person in each room: `message:revision` with commas, so that it is no statement of its own.
CALLS = (
    select(
        notifications.c.room_id,
        func.aggregate_strings(
            cast(notifications.c.message_id, String) + ":" + cast(notifications.c.revision, String),
            literal_column("','"),  # type: ignore[arg-type]  # a bound one is filled in when it is run by Core alone
        ).label("calls"),
    )
    .where(notifications.c.user_id == bindparam("user"), notifications.c.seen_at.is_(None))
    .group_by(notifications.c.room_id)
    .subquery()
)
MINE = Prepared(
    select(
        rooms.c.id,
        rooms.c.name,
        rooms.c.visibility,
        rooms.c.last_posted_revision,
        rooms.c.last_author_id,
        memberships.c.read_revision,
        memberships.c.held,
        CALLS.c.calls,
        memberships.c.hidden_revision,
        rooms.c.people_key,
    )
    .join(memberships, memberships.c.room_id == rooms.c.id)
    .outerjoin(CALLS, CALLS.c.room_id == rooms.c.id)
    .where(memberships.c.user_id == bindparam("user"))
    .order_by(rooms.c.id)
)
MEMBERS = (
    select(users.c.id, users.c.username, users.c.display_name, memberships.c.role)
    .join(memberships, memberships.c.user_id == users.c.id)
    .where(memberships.c.room_id == bindparam("room"))
    .order_by(func.lower(users.c.display_name), users.c.id)
)


def find_room(connection: Connection, room_id: int, user_id: int) -> tuple[Room, str | None] | None:
    row = DOOR.first(connection, {"room": room_id, "user": user_id})
    return (room_of(row), row[6]) if row else None


def of_user(connection: Connection, user_id: int) -> list[OwnRoom]:
    rows = MINE.all(connection, {"user": user_id})
    return [
        OwnRoom(
            room_id, name, visibility, posted, author, read, bool(held), user_id, calls_of(calls), hidden, party_of(key)
        )
        for room_id, name, visibility, posted, author, read, held, calls, hidden, key in rows
    ]


def calls_of(text: str | None) -> tuple[tuple[int, int], ...]:
    """(message, revision) of each in `12:34,15:40`."""
    pairs = (each.split(":") for each in text.split(",")) if text else ()
    return tuple((int(message), int(revision)) for message, revision in pairs)


def of_room(connection: Connection, room_id: int) -> list[Member]:
    return [Member(*row) for row in connection.execute(MEMBERS, {"room": room_id})]


def count(connection: Connection, user_id: int) -> int:
    """How many rooms this person is in, without direct ones: those others may make."""
    own = select(func.count()).select_from(memberships.join(rooms, rooms.c.id == memberships.c.room_id))
    rows = own.where(memberships.c.user_id == user_id, rooms.c.people_key.is_(None))
    return int(connection.execute(rows).scalar_one())


def count_members(connection: Connection, room_id: int) -> int:
    rows = select(func.count()).where(memberships.c.room_id == room_id)
    return int(connection.execute(rows).scalar_one())


def find(connection: Connection, room_id: int, user_id: int) -> Member | None:
    row = connection.execute(MEMBERS.where(users.c.id == user_id), {"room": room_id}).first()
    return Member(*row) if row else None


def count_owners(connection: Connection, room_id: int) -> int:
    owners = select(func.count()).where(memberships.c.room_id == room_id, memberships.c.role == "owner")
    return int(connection.execute(owners).scalar_one())


def add(connection: Connection, room_id: int, user_id: int, role: str, now: int) -> None:
    """What was said before counts as read. Raises IntegrityError when they are a member already."""
    head = select(rooms.c.head).where(rooms.c.id == room_id).scalar_subquery()
    values = {"room_id": room_id, "user_id": user_id, "role": role, "created_at": now, "read_revision": head}
    connection.execute(insert(memberships).values(values))


def add_together(connection: Connection, room_id: int, user_ids: Iterable[int], now: int) -> None:
    """As members of a room in which nothing was said yet."""
    values = [{"room_id": room_id, "user_id": each, "role": "member", "created_at": now} for each in user_ids]
    connection.execute(insert(memberships), values)


def remove(connection: Connection, room_id: int, user_id: int) -> bool:
    gone = connection.execute(
        delete(memberships).where(memberships.c.room_id == room_id, memberships.c.user_id == user_id)
    )
    return gone.rowcount == 1


def promote_eldest(connection: Connection, room_id: int) -> None:
    """Make the longest-standing member an owner, if anybody is left."""
    eldest = (
        select(memberships.c.user_id)
        .where(memberships.c.room_id == room_id)
        .order_by(memberships.c.created_at, memberships.c.user_id)
        .limit(1)
        .scalar_subquery()
    )
    connection.execute(
        update(memberships)
        .where(memberships.c.room_id == room_id, memberships.c.user_id == eldest)
        .values(role="owner")
    )
