"""The messages of every room's log, each row in its newest state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Executable, bindparam, delete, insert, select, union_all, update

from webapp.store import extras
from webapp.store.extras import Extras
from webapp.store.prepared import Prepared
from webapp.store.schema import messages, reactions, rooms, users
from webapp.store.users import SHOWN_NAME


@dataclass(frozen=True, slots=True)
class Message:
    """One message with its author's name. Moments in microseconds since 1970, `utc_offset` in seconds.

    A field with a default may be missing in what another release of this program sends: give one to each new field.
    """

    id: int
    room_id: int
    author_id: int
    author_name: str
    html: str
    created_at: int
    utc_offset: int
    continues: bool
    opens_day: bool
    posted_revision: int
    revision: int
    edited_at: int | None = None
    deleted_at: int | None = None
    extras: str = ""

    @property
    def hanging(self) -> Extras:
        """What hangs on it: reactions."""
        return extras.parse(self.extras)


@dataclass(frozen=True, slots=True)
class Stored:
    """The message that was posted with a key: its source, empty once it is deleted."""

    body: str
    deleted: bool


COLUMNS = (
    messages.c.id,
    messages.c.room_id,
    messages.c.author_id,
    SHOWN_NAME.label("author_name"),
    messages.c.html,
    messages.c.created_at,
    messages.c.utc_offset,
    messages.c.continues,
    messages.c.opens_day,
    messages.c.posted_revision,
    messages.c.revision,
    messages.c.edited_at,
    messages.c.deleted_at,
    messages.c.extras,
)
READ = select(*COLUMNS).join(users, users.c.id == messages.c.author_id)
IN_ROOM = READ.where(messages.c.room_id == bindparam("room"))
SHOWN = IN_ROOM.where(messages.c.deleted_at.is_(None))
INSERT = Prepared(
    insert(messages).returning(messages.c.id),
    [each.name for each in messages.c if each.name not in ("id", "edited_at", "deleted_at")],
)
FIND = READ.where(messages.c.id == bindparam("id"))
FIND_KEY = READ.where(messages.c.author_id == bindparam("author"), messages.c.key == bindparam("key"))
STORED = select(messages.c.body, messages.c.deleted_at).where(
    messages.c.author_id == bindparam("author"), messages.c.key == bindparam("key")
)
NEWEST = SHOWN.order_by(messages.c.id.desc()).limit(bindparam("limit"))
BEFORE = SHOWN.where(messages.c.id < bindparam("id")).order_by(messages.c.id.desc()).limit(bindparam("limit"))
FROM = SHOWN.where(messages.c.id >= bindparam("id")).order_by(messages.c.id).limit(bindparam("limit"))
AROUND = union_all(select(BEFORE.subquery()), select(FROM.subquery())).order_by("id")
FOLLOWING = SHOWN.where(messages.c.id > bindparam("id")).order_by(messages.c.id).limit(1)
OPENING = SHOWN.where(messages.c.opens_day)
OPENING_LATER = (
    OPENING.where(messages.c.created_at > bindparam("moment")).order_by(messages.c.id).limit(bindparam("limit"))
)
OPENING_LAST = OPENING.order_by(messages.c.id.desc()).limit(1)
OPENING_NEXT = OPENING.where(messages.c.id > bindparam("id")).order_by(messages.c.id).limit(1)
FOLLOWING_UNTIL = FOLLOWING.where(messages.c.created_at <= bindparam("moment"))
NAMES = select(users.c.id, SHOWN_NAME).where(users.c.id.in_(bindparam("ids", expanding=True)))
# The head comes in the same statement, hence of the same snapshot: what is not listed did not change up to it.
CHANGES = Prepared(
    select(rooms.c.head, rooms.c.changed_revision, *COLUMNS)
    .select_from(
        rooms.outerjoin(
            messages, (messages.c.room_id == rooms.c.id) & (messages.c.revision > bindparam("since"))
        ).outerjoin(users, users.c.id == messages.c.author_id)
    )
    .where(rooms.c.id == bindparam("room"))
    .order_by(messages.c.id)
    .limit(bindparam("limit"))
)


def _of_driver(row: Sequence[Any]) -> Message:
    """From a Prepared's row, in which SQLite's truth values are numbers."""
    values = list(row)
    values[7:9] = bool(row[7]), bool(row[8])  # continues, opens_day
    return Message(*values)


def _all(connection: Connection, statement: Executable, **values: int | str) -> list[Message]:
    return filled(connection, [Message(*row) for row in connection.execute(statement, values)])


def filled(connection: Connection, found: Sequence[Message]) -> list[Message]:
    """The same with the names of the people that they show, if any: names change, so they are stored nowhere else."""
    hanging = {each.id: each.hanging for each in found if each.extras and each.deleted_at is None}
    people = set[int]().union(*[each.people for each in hanging.values()])
    if not people:
        return list(found)
    names = {row[0]: row[1] for row in connection.execute(NAMES, {"ids": sorted(people)})}
    return [replace(each, extras=named(hanging[each.id], names)) if each.id in hanging else each for each in found]


def named(hanging: Extras, names: Mapping[int, str]) -> str:
    shown = [(user_id, names[user_id]) for user_id in sorted(hanging.people) if user_id in names]
    return extras.text_of(replace(hanging, names=tuple(shown)))


def put_extras(connection: Connection, message: Message, hanging: Extras) -> Message:
    """Writes what hangs on the message with its revision, and gives it as it is read from now on."""
    stored = extras.text_of(replace(hanging, names=()))
    change(connection, message.id, message.revision, extras=stored)
    return filled(connection, [replace(message, extras=stored)])[0]


def add(connection: Connection, values: dict[str, Any]) -> int:
    """The new id. Raises IntegrityError when the author used this key before."""
    row = INSERT.first(connection, values)
    assert row is not None
    return int(row[0])


def find(connection: Connection, message_id: int) -> Message | None:
    return next(iter(_all(connection, FIND, id=message_id)), None)


def find_key(connection: Connection, author_id: int, key: str) -> Message | None:
    return next(iter(_all(connection, FIND_KEY, author=author_id, key=key)), None)


def stored(connection: Connection, author_id: int, key: str) -> Stored | None:
    row = connection.execute(STORED, {"author": author_id, "key": key}).first()
    return Stored(row[0], row[1] is not None) if row else None


def body(connection: Connection, message_id: int) -> str:
    """The message's source, as it was typed."""
    return str(connection.execute(select(messages.c.body).where(messages.c.id == message_id)).scalar_one())


def newest(connection: Connection, room_id: int, limit: int) -> list[Message]:
    return _all(connection, NEWEST, room=room_id, limit=limit)[::-1]


def before(connection: Connection, room_id: int, message_id: int, limit: int) -> list[Message]:
    return _all(connection, BEFORE, room=room_id, id=message_id, limit=limit)[::-1]


def starting(connection: Connection, room_id: int, message_id: int, limit: int) -> list[Message]:
    """This message, unless it is deleted, and those after it."""
    return _all(connection, FROM, room=room_id, id=message_id, limit=limit)


def around(connection: Connection, room_id: int, message_id: int, limit: int) -> list[Message]:
    """As many before this message, and as many from it on."""
    return _all(connection, AROUND, room=room_id, id=message_id, limit=limit)


def following(connection: Connection, room_id: int, message_id: int) -> Message | None:
    return next(iter(_all(connection, FOLLOWING, room=room_id, id=message_id)), None)


def following_until(connection: Connection, room_id: int, message_id: int, moment: int) -> Message | None:
    """The next message with a moment not after this one."""
    return next(iter(_all(connection, FOLLOWING_UNTIL, room=room_id, id=message_id, moment=moment)), None)


def opening_later(connection: Connection, room_id: int, moment: int, limit: int) -> list[Message]:
    """Messages that open a day and have a later moment."""
    return _all(connection, OPENING_LATER, room=room_id, moment=moment, limit=limit)


def opening_last(connection: Connection, room_id: int) -> Message | None:
    return next(iter(_all(connection, OPENING_LAST, room=room_id)), None)


def opening_next(connection: Connection, room_id: int, message_id: int) -> Message | None:
    """The next message that opens a day."""
    return next(iter(_all(connection, OPENING_NEXT, room=room_id, id=message_id)), None)


def changes(connection: Connection, room_id: int, since: int, limit: int) -> tuple[int, int, list[Message]] | None:
    """(head, the revision that changed the room itself last, messages), None without a room.

    Messages that changed after `since`, tombstones too, by id and at most `limit`.
    """
    rows = CHANGES.all(connection, {"room": room_id, "since": since, "limit": limit})
    if not rows:
        return None
    head, changed_revision = rows[0][:2]
    found = [_of_driver(row[2:]) for row in rows if row[2] is not None]
    return head, changed_revision, filled(connection, found)


def change(connection: Connection, message_id: int, revision: int, **values: Any) -> None:
    connection.execute(update(messages).where(messages.c.id == message_id).values(revision=revision, **values))


def clear(connection: Connection, message_id: int) -> None:
    """Deletes what hung on a message that is deleted."""
    connection.execute(delete(reactions).where(reactions.c.message_id == message_id))
