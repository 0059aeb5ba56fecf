"""Memberships. A room is loaded through the membership of the person who asks, so access is checked in one place."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError

from webapp.domain import accounts, community, events, names, notifications, policy
from webapp.domain.accounts import Actor
from webapp.domain.errors import Conflict, Forbidden, Invalid, NotFound
from webapp.domain.transaction import Transaction
from webapp.store import memberships
from webapp.store.memberships import Member, Named, OwnRoom
from webapp.store.party import Party, party
from webapp.store.rooms import Room

ROLES = ("owner", "member")
MOST_ROOMS = 300
"""Rooms of one person, without direct ones: each of their pages lists them all."""
DIRECT = "This is a direct room: hide it, or if it is for more than two leave it, on the page of its people."

__all__ = [
    "Entry",
    "Member",
    "Named",
    "OwnRoom",
    "Party",
    "Room",
    "add",
    "begin_together",
    "count",
    "end",
    "enter",
    "found",
    "join",
    "leave",
    "leaving",
    "manage",
    "members",
    "mine",
    "party",
    "remove",
    "removing",
    "require",
    "welcome",
]


@dataclass(frozen=True, slots=True)
class Entry:
    """A room for one person; `role` is None for a guest of an open room, who may only join."""

    room: Room
    role: str | None
    manages: bool


def enter(tx: Transaction, actor: Actor, room_id: int) -> Entry:
    """The room and the asker's role. Raises NotFound when it is closed and they are no member."""
    found = memberships.find_room(tx.connection, room_id, actor.id)
    if found is None or (found[1] is None and found[0].visibility == "closed"):
        raise NotFound
    room, role = found
    return Entry(room, role, policy.may_manage_room(actor, role, room.direct))


def require(tx: Transaction, actor: Actor, room_id: int) -> Entry:
    """The room, for members only. Raises NotFound."""
    entry = enter(tx, actor, room_id)
    if entry.role is None:
        raise NotFound
    return entry


def manage(tx: Transaction, actor: Actor, room_id: int) -> Entry:
    entry = require(tx, actor, room_id)
    if not entry.manages:
        raise Forbidden("Only the room's owners may do this.")
    return entry


def mine(tx: Transaction, actor: Actor) -> list[OwnRoom]:
    """The rooms of this person, by name."""
    return sorted(memberships.of_user(tx.connection, actor.id), key=lambda room: names.natural(room.name))


def count(tx: Transaction, room_id: int) -> int:
    """How many people are in the room."""
    return memberships.count_members(tx.connection, room_id)


def members(tx: Transaction, actor: Actor, room_id: int) -> tuple[Entry, list[Member]]:
    entry = require(tx, actor, room_id)
    return entry, memberships.of_room(tx.connection, room_id)


def found(tx: Transaction, room_id: int, user_id: int) -> None:
    """Make the creator of a room its owner. Raises Invalid when they are in too many rooms."""
    check_own_rooms(tx, user_id)
    _begin(tx, room_id, user_id, "owner")


def welcome(tx: Transaction, room_id: int, user_id: int) -> None:
    """Add somebody who has just signed up to this room."""
    _begin(tx, room_id, user_id, role_to_begin_with(tx, room_id))


def join(tx: Transaction, actor: Actor, room_id: int) -> None:
    """Join an open room, or any that `policy` lets this person take over. Does nothing for a member.

    Raises NotFound, Invalid.
    """
    found = memberships.find_room(tx.connection, room_id, actor.id)
    if found is None:
        raise NotFound
    room, role = found
    if role is not None:
        return
    if room.visibility == "closed" and not policy.may_take_over(
        actor, memberships.count_members(tx.connection, room_id), room.direct
    ):
        raise NotFound
    check_own_rooms(tx, actor.id)
    _begin(tx, room_id, actor.id, role_to_begin_with(tx, room_id))


def role_to_begin_with(tx: Transaction, room_id: int) -> str:
    """The role for somebody who joins: owner of a room that has no owner."""
    return "member" if memberships.count_owners(tx.connection, room_id) else "owner"


def add(tx: Transaction, actor: Actor, room_id: int, username: str, role: str) -> None:
    """Add a member. Raises NotFound, Forbidden, Invalid, Conflict."""
    manage(tx, actor, room_id)
    if role not in ROLES:
        raise Invalid(role="A member's role is owner or member.")
    user = accounts.find(tx, username)
    if user is None:
        raise Invalid(username="Nobody here has this username.")
    if memberships.count(tx.connection, user.id) >= MOST_ROOMS:
        raise Invalid(username=f"{user.display_name} is in {MOST_ROOMS} rooms, which is the most.")
    try:
        _begin(tx, room_id, user.id, role)
    except IntegrityError as error:
        raise Conflict(f"{user.display_name} is in this room already.") from error


def check_own_rooms(tx: Transaction, user_id: int) -> None:
    if memberships.count(tx.connection, user_id) >= MOST_ROOMS:
        raise Invalid(form=f"You are in {MOST_ROOMS} rooms, which is the most. Leave one of them first.")


def remove(tx: Transaction, actor: Actor, room_id: int, user_id: int) -> None:
    manage(tx, actor, room_id)
    _end(tx, room_id, user_id)


def removing(tx: Transaction, actor: Actor, room_id: int, user_id: int) -> tuple[Entry, Member]:
    """The member whom `remove` would remove, for the page that asks. Raises NotFound, Forbidden."""
    entry = manage(tx, actor, room_id)
    member = memberships.find(tx.connection, room_id, user_id)
    if member is None:
        raise NotFound("This person is not in the room.")
    return entry, member


def leaving(tx: Transaction, actor: Actor, room_id: int) -> tuple[Entry, bool]:
    """(the room, whether this person is its last member), for the page that asks. Raises NotFound."""
    entry = leavable(tx, actor, room_id)
    return entry, memberships.count_members(tx.connection, room_id) == 1


def leave(tx: Transaction, actor: Actor, room_id: int) -> None:
    leavable(tx, actor, room_id)
    _end(tx, room_id, actor.id)


def leavable(tx: Transaction, actor: Actor, room_id: int) -> Entry:
    """Raises NotFound, and Forbidden for a direct room, which direct.py lets people leave."""
    entry = require(tx, actor, room_id)
    if entry.room.direct:
        raise Forbidden(DIRECT)
    return entry


def begin_together(tx: Transaction, room_id: int, user_ids: Sequence[int]) -> None:
    """Makes these people the members of a new direct room."""
    memberships.add_together(tx.connection, room_id, user_ids, tx.now)
    for each in user_ids:
        tx.publish(events.membership_began(room_id, each))


def end(tx: Transaction, room_id: int, user_id: int) -> None:
    """They are not in the room any more. Raises NotFound when they were not."""
    if not memberships.remove(tx.connection, room_id, user_id):
        raise NotFound("This person is not in the room.")
    notifications.leave(tx, room_id, user_id)
    community.count_revocation(tx)
    tx.publish(events.membership_ended(room_id, user_id))


def _begin(tx: Transaction, room_id: int, user_id: int, role: str) -> None:
    """Raises IntegrityError when they are a member already."""
    memberships.add(tx.connection, room_id, user_id, role, tx.now)
    tx.publish(events.membership_began(room_id, user_id))


def _end(tx: Transaction, room_id: int, user_id: int) -> None:
    end(tx, room_id, user_id)
    if memberships.count_owners(tx.connection, room_id) == 0:
        memberships.promote_eldest(tx.connection, room_id)  # a room with people in it is never without an owner
