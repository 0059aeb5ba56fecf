"""Direct rooms: found and made by their people, hidden and left.

This file alone writes `rooms.people_key` and `memberships.hidden_revision`.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, func, select, update

from webapp.store.inserts import insert_unless_there
from webapp.store.party import Party, party_of
from webapp.store.schema import memberships, rooms


def find(connection: Connection, party: Party) -> int | None:
    return connection.execute(select(rooms.c.id).where(rooms.c.people_key == party.key())).scalar()


def add(connection: Connection, party: Party, name: str, now: int) -> int | None:
    """The new room's id; None when these people have one, also one that was made meanwhile.

    Its visibility is that of a closed room: so does a release see it that knows no direct ones.
    """
    values = {"name": name, "visibility": "closed", "created_at": now, "people_key": party.key()}
    made = insert_unless_there(connection, rooms, **values).returning(rooms.c.id)
    return connection.execute(made).scalar()


def crowded(connection: Connection, user_ids: Iterable[int], most: int) -> set[int]:
    """Those of these people who are in so many direct rooms in which something was said, or more."""
    counted = (
        select(memberships.c.user_id)
        .join(rooms, rooms.c.id == memberships.c.room_id)
        .where(memberships.c.user_id.in_(list(user_ids)), rooms.c.people_key.is_not(None))
        .where(rooms.c.last_posted_revision > 0)
        .group_by(memberships.c.user_id)
        .having(func.count() >= most)
    )
    return set(connection.execute(counted).scalars())


def hide(connection: Connection, room_id: int, user_id: int) -> None:
    """It is not in this person's list until somebody posts in it."""
    head = select(rooms.c.head).where(rooms.c.id == room_id).scalar_subquery()
    own = (memberships.c.room_id == room_id) & (memberships.c.user_id == user_id)
    connection.execute(update(memberships).where(own).values(hidden_revision=head))


def leave(connection: Connection, room_id: int, user_id: int) -> None:
    """Another room can be made for the same people from now on. Holds the room's lock until the COMMIT."""
    own = rooms.c.id == room_id
    found = party_of(connection.execute(select(rooms.c.people_key).where(own).with_for_update()).scalar())
    if found is not None:
        key = found.without(user_id).key(room_id)
        connection.execute(update(rooms).where(own).values(people_key=key))
