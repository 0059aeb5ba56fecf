"""What waits in people's inboxes: which message, and why."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, literal, or_, select, update

from webapp.store.schema import Id, memberships, messages, notifications, rooms, users
from webapp.store.users import SHOWN_NAME


@dataclass(frozen=True, slots=True)
class Call:
    """A message that waits for this person, unseen. `revision`: it is seen when the room is read up to there."""

    user_id: int
    room_id: int
    message_id: int
    revision: int


@dataclass(frozen=True, slots=True)
class Notice:
    """What a person's inbox shows of one message. Moments in microseconds since 1970, `utc_offset` in seconds."""

    id: int
    kind: str
    message_id: int
    room_id: int
    room_name: str
    author_id: int
    author_name: str
    excerpt: str
    posted_at: int
    utc_offset: int


LONGEST_EXCERPT = 400
earlier = notifications.alias("earlier")
IS_KNOWN = (
    select(earlier.c.id)
    .where(
        earlier.c.user_id == memberships.c.user_id,
        earlier.c.message_id == bindparam("message", type_=Id),
        earlier.c.kind == bindparam("kind"),
    )
    .exists()
)
FOR_MEMBERS = select(
    memberships.c.user_id,
    memberships.c.room_id,
    bindparam("message", type_=Id),
    bindparam("kind", type_=notifications.c.kind.type),
    bindparam("revision", type_=notifications.c.revision.type),
    bindparam("now", type_=notifications.c.created_at.type),
    bindparam("now", type_=notifications.c.changed_at.type),
).where(memberships.c.room_id == bindparam("room"), memberships.c.user_id != bindparam("author"), ~IS_KNOWN)
THESE = memberships.c.user_id.in_(bindparam("users", expanding=True))
INTO: Sequence[str] = ["user_id", "room_id", "message_id", "kind", "revision", "created_at", "changed_at"]
ADD_ALL = insert(notifications).from_select(INTO, FOR_MEMBERS).returning(notifications.c.user_id)
ADD = insert(notifications).from_select(INTO, FOR_MEMBERS.where(THESE)).returning(notifications.c.user_id)
UNSEEN = select(
    notifications.c.user_id, notifications.c.room_id, notifications.c.message_id, notifications.c.revision
).where(notifications.c.user_id.in_(bindparam("users", expanding=True)), notifications.c.seen_at.is_(None))
CHANGED = (
    select(notifications.c.user_id, func.max(notifications.c.changed_at))
    .where(notifications.c.changed_at > bindparam("moment"))
    .group_by(notifications.c.user_id)
)
READ = (
    select(memberships.c.read_revision)
    .where(memberships.c.user_id == notifications.c.user_id, memberships.c.room_id == notifications.c.room_id)
    .scalar_subquery()
)
SEE_READ = (
    update(notifications)
    .where(
        notifications.c.user_id.in_(bindparam("users", expanding=True)),
        notifications.c.seen_at.is_(None),
        notifications.c.revision <= READ,
    )
    .values(seen_at=bindparam("now"), changed_at=bindparam("now"))
    .returning(notifications.c.user_id)
)
INBOX = (
    select(
        notifications.c.id,
        notifications.c.kind,
        notifications.c.message_id,
        notifications.c.room_id,
        rooms.c.name,
        messages.c.author_id,
        SHOWN_NAME,
        func.substr(messages.c.body, 1, LONGEST_EXCERPT),
        messages.c.created_at,
        messages.c.utc_offset,
    )
    .join(messages, messages.c.id == notifications.c.message_id)
    .join(rooms, rooms.c.id == notifications.c.room_id)
    .join(users, users.c.id == messages.c.author_id)
    .join(
        memberships,
        (memberships.c.room_id == notifications.c.room_id) & (memberships.c.user_id == notifications.c.user_id),
    )
    .where(
        notifications.c.user_id == bindparam("user"),
        notifications.c.withdrawn.is_(False),
        messages.c.deleted_at.is_(None),
        or_(notifications.c.id < bindparam("before", type_=Id), bindparam("before", type_=Id) == literal(0)),
    )
    .order_by(notifications.c.id.desc())
    .limit(bindparam("limit"))
)
OTHER = (
    select(earlier.c.id)
    .where(
        earlier.c.user_id == notifications.c.user_id,
        earlier.c.message_id == notifications.c.message_id,
        earlier.c.id < notifications.c.id,
        earlier.c.withdrawn.is_(False),
    )
    .exists()
)
# One entry for a message, whatever it waits for.
INBOX_OF_ALL = INBOX.where(~OTHER)
INBOX_OF_KIND = INBOX.where(notifications.c.kind == bindparam("kind"))


def add(connection: Connection, values: dict[str, Any], user_ids: Collection[int] | None) -> list[int]:
    """For these members of the room, None for all, but the author. Who had none for this message and kind before."""
    if user_ids is None:
        return list(connection.execute(ADD_ALL, values).scalars())
    return list(connection.execute(ADD, values | {"users": list(user_ids)}).scalars())


def renew(connection: Connection, values: dict[str, Any], user_ids: Collection[int] | None) -> list[int]:
    """Those that were withdrawn stand again, unseen; whose they are."""
    again = update(notifications).where(
        notifications.c.message_id == values["message"],
        notifications.c.kind == values["kind"],
        notifications.c.withdrawn,
    )
    if user_ids is not None:
        again = again.where(notifications.c.user_id.in_(user_ids))
    fresh = {"withdrawn": False, "seen_at": None, "revision": values["revision"], "changed_at": values["now"]}
    return list(connection.execute(again.values(**fresh).returning(notifications.c.user_id)).scalars())


def withdraw(
    connection: Connection,
    now: int,
    message_id: int | None = None,
    kind: str | None = None,
    keep: Collection[int] = (),
    room_id: int | None = None,
    user_id: int | None = None,
) -> list[int]:
    """All that fit; whose they are."""
    gone = update(notifications).where(notifications.c.withdrawn.is_(False))
    wanted = {"message_id": message_id, "kind": kind, "room_id": room_id, "user_id": user_id}
    for name, value in wanted.items():
        if value is not None:
            gone = gone.where(notifications.c[name] == value)
    if keep:
        gone = gone.where(notifications.c.user_id.not_in(keep))
    values = {"withdrawn": True, "seen_at": func.coalesce(notifications.c.seen_at, now), "changed_at": now}
    return list(connection.execute(gone.values(**values).returning(notifications.c.user_id)).scalars())


def see(connection: Connection, user_id: int, now: int, notice_id: int | None = None) -> bool:
    """Whether any was unseen: all of this person, or those of the message that this one is of."""
    seen = update(notifications).where(notifications.c.user_id == user_id, notifications.c.seen_at.is_(None))
    if notice_id is not None:
        message = select(earlier.c.message_id).where(earlier.c.id == notice_id).scalar_subquery()
        seen = seen.where(notifications.c.message_id == message)
    return connection.execute(seen.values(seen_at=now, changed_at=now)).rowcount > 0


def see_read(connection: Connection, user_ids: Collection[int], now: int) -> list[int]:
    """What these people have read of their rooms is seen; whose that was."""
    return list(connection.execute(SEE_READ, {"users": list(user_ids), "now": now}).scalars())


def find(connection: Connection, user_id: int, notice_id: int) -> tuple[int, int] | None:
    """(room, message) of one of this person."""
    own = select(notifications.c.room_id, notifications.c.message_id).where(
        notifications.c.id == notice_id, notifications.c.user_id == user_id, notifications.c.withdrawn.is_(False)
    )
    row = connection.execute(own).first()
    return (row[0], row[1]) if row else None


def unseen(connection: Connection, user_ids: Sequence[int]) -> list[Call]:
    return [Call(*row) for row in connection.execute(UNSEEN, {"users": list(user_ids)})]


def changed(connection: Connection, moment: int) -> dict[int, int]:
    """When the inboxes that changed after this moment changed last, by person."""
    return {row[0]: row[1] for row in connection.execute(CHANGED, {"moment": moment})}


def inbox(connection: Connection, user_id: int, kind: str, before: int, limit: int) -> list[Notice]:
    """The newest first; `kind` may be empty for all, and `before` 0 for the newest."""
    values = {"user": user_id, "before": before, "limit": limit}
    rows = connection.execute(*((INBOX_OF_KIND, values | {"kind": kind}) if kind else (INBOX_OF_ALL, values)))
    return [Notice(*row) for row in rows]


def overfull(connection: Connection, since: int, most: int) -> list[int]:
    """Whose inboxes changed after this moment and have more than so many."""
    busy = select(earlier.c.user_id).where(earlier.c.changed_at > since)
    counted = (
        select(notifications.c.user_id)
        .where(notifications.c.user_id.in_(busy))
        .group_by(notifications.c.user_id)
        .having(func.count() > most)
    )
    return list(connection.execute(counted).scalars())


def trim(connection: Connection, user_id: int, most: int) -> None:
    """The newest stay."""
    oldest = (
        select(notifications.c.id)
        .where(notifications.c.user_id == user_id)
        .order_by(notifications.c.id.desc())
        .offset(most)
        .limit(1)
    )
    last = connection.execute(oldest).scalar()
    if last is not None:
        own = notifications.c.user_id == user_id
        connection.execute(delete(notifications).where(own, notifications.c.id <= last))
