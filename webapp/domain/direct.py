"""Direct rooms: one for each set of people, found or made. Hidden or left by oneself, never changed for the others."""

from collections.abc import Sequence

from webapp.domain import accounts, blocks, events, memberships
from webapp.domain.accounts import Actor
from webapp.domain.errors import Forbidden, Invalid, NotFound
from webapp.domain.memberships import Entry, Party
from webapp.domain.transaction import Transaction
from webapp.store import direct

MOST_PEOPLE = 9
MOST_ROOMS = 1_000
"""Direct rooms of one person in which something was said: they are all read for each of their pages."""
NAME = "Direct messages"
"""Only a release that knows no direct rooms shows it."""


def find(tx: Transaction, actor: Actor, usernames: Sequence[str]) -> int | None:
    """The room of these people and the actor, None before there is one. Raises Invalid."""
    return direct.find(tx.connection, party_of(tx, actor, usernames))


def make(tx: Transaction, actor: Actor, usernames: Sequence[str]) -> int:
    """The same, made if there is none. Two who do so at once get one room. Raises Invalid, Blocked."""
    party = party_of(tx, actor, usernames)
    found = direct.find(tx.connection, party)
    if found is not None:
        return found
    blocks.check(tx, actor.id, party, "Nothing was begun.")
    check_crowded(tx, actor, party)
    made = direct.add(tx.connection, party, NAME, tx.now)
    if made is None:
        return require_found(direct.find(tx.connection, party))
    memberships.begin_together(tx, made, party.people)
    return made


def require_found(room_id: int | None) -> int:
    """The room that was made meanwhile. Raises NotFound when somebody has left it since."""
    if room_id is None:
        raise NotFound
    return room_id


def party_of(tx: Transaction, actor: Actor, usernames: Sequence[str]) -> Party:
    """The actor and these people. Raises Invalid."""
    wanted = {name for each in usernames if (name := each.strip().removeprefix("@").lower())}
    if not wanted:
        raise Invalid(username="Choose somebody to write to.")
    if len(wanted - {actor.username}) >= MOST_PEOPLE:
        number = len(wanted | {actor.username})
        raise Invalid(username=f"At most {MOST_PEOPLE} people talk in a direct room; with you these are {number}.")
    found = {name: accounts.find(tx, name) for name in sorted(wanted)}
    unknown = [name for name, user in found.items() if user is None]
    if unknown:
        raise Invalid(username=f"Nobody here has the username {unknown[0][:32]}.")
    return memberships.party({actor.id, *(user.id for user in found.values() if user is not None)})


def check_crowded(tx: Transaction, actor: Actor, party: Party) -> None:
    crowded = direct.crowded(tx.connection, party.people, MOST_ROOMS)
    if actor.id in crowded:
        raise Invalid(username=f"You have {MOST_ROOMS} direct rooms, which is the most.")
    if crowded:
        raise Invalid(username=f"One of these people has {MOST_ROOMS} direct rooms, which is the most.")


def require(tx: Transaction, actor: Actor, room_id: int) -> tuple[Entry, Party]:
    """A direct room, for those in it. Raises NotFound."""
    entry = memberships.require(tx, actor, room_id)
    if entry.room.party is None:
        raise NotFound
    return entry, entry.room.party


def hide(tx: Transaction, actor: Actor, room_id: int) -> None:
    """Out of the actor's list until the next message. Raises NotFound."""
    require(tx, actor, room_id)
    direct.hide(tx.connection, room_id, actor.id)
    tx.publish(events.membership_hidden(room_id, actor.id))


def leaving(tx: Transaction, actor: Actor, room_id: int) -> Entry:
    """The room that the actor may leave. Raises NotFound, Forbidden."""
    entry, party = require(tx, actor, room_id)
    if len(party.people) < 3:
        raise Forbidden("Nobody leaves a room that is for two: hide it instead.")
    return entry


def leave(tx: Transaction, actor: Actor, room_id: int) -> None:
    """The others keep the room; the same people get a new one when it is asked for. Raises NotFound, Forbidden."""
    leaving(tx, actor, room_id)
    direct.leave(tx.connection, room_id, actor.id)
    memberships.end(tx, room_id, actor.id)
