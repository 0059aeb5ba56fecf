"""What is unread: a position in a room's log for each member. A room is unread when its newest message is later."""

from collections import defaultdict
from collections.abc import Sequence

from webapp.domain import events, memberships, messages, notifications
from webapp.domain.accounts import Actor
from webapp.domain.messages import Message
from webapp.domain.transaction import Transaction
from webapp.store import unread
from webapp.store.unread import Mark, Posted, State

__all__ = ["Mark", "Posted", "State", "find_first", "hold", "mark", "mark_all", "news_since", "states"]


def mark_all(tx: Transaction, marks: Sequence[Mark]) -> None:
    """Marks never go back. Written in the order of the rows, so that no two transactions lock each other."""
    told: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for each in sorted(marks, key=lambda mark: (mark.room_id, mark.user_id)):
        unread.mark(tx.connection, each)
        told[each.room_id, each.revision].append(each.user_id)
    notifications.see_read(tx, {mark.user_id for mark in marks})
    for (room_id, revision), user_ids in told.items():
        tx.publish(events.people_read(room_id, revision, user_ids))


def mark(tx: Transaction, actor: Actor, room_id: int, revision: int) -> int:
    """The room is read up to this revision, or to its head; to which it is now. Raises NotFound."""
    seen = min(revision, memberships.require(tx, actor, room_id).room.head)
    mark_all(tx, [Mark(room_id, actor.id, seen)])
    return seen


def hold(tx: Transaction, actor: Actor, message_id: int) -> Message:
    """Its room is unread from this message on, until it is read again. Raises NotFound."""
    _, message = messages.find(tx, actor, message_id)
    before = message.posted_revision - 1
    unread.hold(tx.connection, Mark(message.room_id, actor.id, before))
    tx.publish(events.people_held(message.room_id, before, actor.id))
    return message


def find_first(tx: Transaction, actor: Actor, room_id: int, since: int) -> int | None:
    """The first message that was posted after this revision, None without. Raises NotFound."""
    memberships.require(tx, actor, room_id)
    return unread.first_since(tx.connection, room_id, since)


def states(tx: Transaction, user_ids: Sequence[int]) -> list[State]:
    """All rooms of these people, as each has read them."""
    return unread.states(tx.connection, user_ids)


def news_since(tx: Transaction, moment: int) -> tuple[list[Posted], dict[int, int]]:
    """(the rooms that were posted in after this moment, the persons whose inboxes changed after it, and when).

    In microseconds since 1970.
    """
    return unread.posted_since(tx.connection, moment), notifications.changed(tx, moment)
