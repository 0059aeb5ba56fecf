"""Reading a room's log: its pages, and what changed since a revision.

The log holds the room's messages and its own facts: what is the same for all its readers, and has one order.
"""

from dataclasses import dataclass

from webapp.domain import memberships, rooms
from webapp.domain.accounts import Actor
from webapp.domain.errors import NotFound
from webapp.domain.memberships import Entry
from webapp.domain.rooms import Facts
from webapp.domain.transaction import Transaction
from webapp.store import messages
from webapp.store.messages import Message

PAGE = 50
WINDOW = 250  # two hundred posts missed, and the edits and deletions of meanwhile, are told one by one

__all__ = [
    "PAGE",
    "WINDOW",
    "Change",
    "Changes",
    "Message",
    "Page",
    "after",
    "around",
    "before",
    "changes",
    "newest",
    "page",
    "read",
]


@dataclass(frozen=True, slots=True)
class Page:
    """Messages in order. `older`, `newer`: whether there are any before the first and after the last."""

    messages: list[Message]
    older: bool
    newer: bool


Change = Message | Facts
"""What a revision of a room changed, in its newest state. `id` says which: a message's number, or 0 for the room."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened after revision `since`, up to `head`; `room` if that is among it.

    `reset`: too much, or the log of another database. Then `messages` is the newest page instead, `older` says whether
    there are messages before it, and `room` is always there.
    """

    since: int
    head: int
    messages: list[Message]
    room: Facts | None = None
    reset: bool = False
    older: bool = False

    @property
    def all(self) -> list[Change]:
        return [*self.messages, self.room] if self.room else [*self.messages]


def newest(tx: Transaction, room_id: int, limit: int = PAGE) -> Page:
    found = messages.newest(tx.connection, room_id, limit + 1)
    return Page(found[-limit:], len(found) > limit, False)


def before(tx: Transaction, room_id: int, message_id: int, limit: int = PAGE) -> Page:
    found = messages.before(tx.connection, room_id, message_id, limit + 1)
    return Page(found[-limit:], len(found) > limit, True)


def after(tx: Transaction, room_id: int, message_id: int, limit: int = PAGE) -> Page:
    found = messages.starting(tx.connection, room_id, message_id + 1, limit + 1)
    return Page(found[:limit], True, len(found) > limit)


def around(tx: Transaction, room_id: int, message_id: int, limit: int = PAGE) -> Page:
    """The message, with half a page before it and half after. Raises NotFound when it is not in this room."""
    half = limit // 2
    found = messages.around(tx.connection, room_id, message_id, half + 1)
    earlier = [each for each in found if each.id < message_id]
    later = found[len(earlier) :]
    if not later or later[0].id != message_id:
        raise NotFound("This message is gone, or it is not for you to see.")
    return Page(earlier[-half:] + later[:half], len(earlier) > half, len(later) > half)


def page(tx: Transaction, room_id: int, where: dict[str, int]) -> Page:
    """The page that `where` names (before, after or around = message id; the newest without).

    For who may read the room: ask the door first.
    """
    if "before" in where:
        return before(tx, room_id, where["before"])
    if "after" in where:
        return after(tx, room_id, where["after"])
    if "around" in where:
        return around(tx, room_id, where["around"])
    return newest(tx, room_id)


def read(tx: Transaction, actor: Actor, room_id: int, where: dict[str, int]) -> tuple[Entry, Page]:
    """The page, for a member. Raises NotFound."""
    return memberships.require(tx, actor, room_id), page(tx, room_id, where)


def changes(tx: Transaction, room_id: int, since: int) -> Changes:
    """What changed after revision `since`; nothing without such a room."""
    found = messages.changes(tx.connection, room_id, since, WINDOW + 1)
    if found is None:
        return Changes(since, since, [])
    head, changed_revision, changed = found
    reset = since > head or len(changed) > WINDOW
    # Rarely asked for, hence by itself; where it is already newer than `head` it is told again with its revision.
    room = rooms.facts(tx, room_id) if reset or changed_revision > since else None
    if not reset:
        return Changes(since, head, changed, room)
    page = newest(tx, room_id)
    return Changes(since, head, page.messages, room, reset=True, older=page.older)
