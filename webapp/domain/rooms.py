"""Rooms: made, changed, listed. Who is in them is in memberships.py."""

from collections.abc import Sequence

from webapp.domain import events, memberships, names, policy
from webapp.domain.accounts import Actor
from webapp.domain.errors import Invalid, NotFound
from webapp.domain.transaction import Transaction
from webapp.store import rooms
from webapp.store.rooms import Facts, Listing, Position, Room

VISIBILITIES = ("open", "closed")

__all__ = [
    "Facts",
    "Listing",
    "Position",
    "Room",
    "advance",
    "change",
    "create",
    "directory",
    "facts",
    "heads",
    "last_posted_at",
    "position",
    "set_last",
    "welcome",
]


def create(tx: Transaction, actor_id: int, name: str, topic: str, visibility: str) -> int:
    """The new room's id; its maker owns it. Raises Invalid."""
    values = checked(name, topic, visibility)
    room_id = rooms.add(tx.connection, *values, tx.now)
    memberships.found(tx, room_id, actor_id)
    return room_id


def welcome(tx: Transaction, user_id: int) -> int | None:
    """Makes a newcomer a member of the oldest open room; gives its id, None when there is none."""
    room_id = rooms.oldest_open(tx.connection)
    if room_id is not None:
        memberships.welcome(tx, room_id, user_id)
    return room_id


def change(tx: Transaction, actor: Actor, room_id: int, name: str, topic: str, visibility: str) -> Facts:
    """Sets name, topic and visibility; gives the room as it is now. Raises NotFound, Forbidden, Invalid."""
    memberships.manage(tx, actor, room_id)
    facts = rooms.change(tx.connection, room_id, *checked(name, topic, visibility))
    named = {"name": facts.name, "topic": facts.topic, "visibility": facts.visibility, "community": facts.community}
    tx.publish(events.room_changed(room_id, facts.revision, named))
    return facts


def facts(tx: Transaction, room_id: int) -> Facts | None:
    """What the room's page shows of it; None without such a room."""
    return rooms.facts(tx.connection, room_id)


def checked(name: str, topic: str, visibility: str) -> tuple[str, str, str]:
    """(name, topic, visibility) as they are stored. Raises Invalid with every field that is wrong."""
    wrong: dict[str, str] = {}
    fine: list[str] = []
    for value, field, what, longest in ((name, "name", "A room's name", 80), (topic, "topic", "A topic", 200)):
        try:
            fine.append(names.line(value, field, what, longest, required=field == "name"))
        except Invalid as error:
            wrong.update(error.fields)
    if visibility not in VISIBILITIES:
        wrong["visibility"] = "A room is open or closed."
    if wrong:
        raise Invalid(**wrong)
    return fine[0], fine[1], visibility


def advance(tx: Transaction, room_id: int) -> int:
    """Takes the room's lock and its next revision, which is that of this transaction's change."""
    return rooms.advance(tx.connection, room_id)


def position(tx: Transaction, room_id: int, author_id: int) -> Position:
    """Takes the room's lock and the position of this member's next message. Raises NotFound for others."""
    found = rooms.position(tx.connection, room_id, author_id, tx.now)
    if found is None:
        raise NotFound
    return found


def set_last(tx: Transaction, room_id: int, author_id: int | None, posted_at: int | None, revision: int) -> None:
    """Sets who posted last, when and at which revision, after the newest message was deleted."""
    rooms.set_last(tx.connection, room_id, author_id, posted_at, revision)


def last_posted_at(tx: Transaction, room_id: int) -> int:
    """The moment of the newest message, in microseconds; 0 without one."""
    return rooms.last_posted_at(tx.connection, room_id)


def directory(tx: Transaction, actor: Actor) -> list[Listing]:
    """The rooms that this person is in or may join, by name."""
    found = rooms.directory(tx.connection, actor.id, empty=policy.may_take_over(actor, members=0))
    return sorted(found, key=lambda listing: names.natural(listing.room.name))


def heads(tx: Transaction, room_ids: Sequence[int]) -> dict[int, int]:
    """The newest revision of each room: what a sweep compares the feeds with."""
    return rooms.heads(tx.connection, room_ids)
