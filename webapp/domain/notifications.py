"""What waits in people's inboxes: messages that mention them, answer them, or are for them alone.

Written in the transaction of its cause, and withdrawn in that of the edit or deletion that takes the cause away. One is
seen when its room is read up to it, or when it is opened from the inbox.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from webapp.domain import events
from webapp.domain.errors import NotFound
from webapp.domain.transaction import Transaction
from webapp.store import notifications
from webapp.store.notifications import Call, Notice

MENTION, REPLY, DIRECT = KINDS = ("mention", "reply", "direct")
PAGE, MOST = 30, 500
"""Entries on a page of the inbox, and in all of it: the newest stay."""
TOLD_TOGETHER = 500

__all__ = [
    "DIRECT",
    "KINDS",
    "MENTION",
    "MOST",
    "PAGE",
    "REPLY",
    "Call",
    "Cause",
    "Notice",
    "changed",
    "inbox",
    "leave",
    "notify",
    "open_one",
    "overfull",
    "see_all",
    "see_read",
    "trim",
    "unseen",
    "withdraw",
]


class Cause(Protocol):
    """A message as it is being written: `revision` is that of the change which makes people notice it."""

    @property
    def id(self) -> int: ...
    @property
    def room_id(self) -> int: ...
    @property
    def author_id(self) -> int: ...
    @property
    def posted_revision(self) -> int: ...
    @property
    def revision(self) -> int: ...


class Reader(Protocol):
    """Whose inbox it is."""

    @property
    def id(self) -> int: ...


def notify(tx: Transaction, message: Cause, user_ids: Collection[int] | None, kind: str) -> None:
    """It waits for these people, None for all, of whom those are told who are in its room; never for its author.

    For whom it waits already by this kind, nothing changes.
    """
    if user_ids is not None and not user_ids:
        return
    values = {"room": message.room_id, "message": message.id, "author": message.author_id, "kind": kind,
              "revision": message.revision, "now": tx.now}  # fmt: skip
    told = notifications.add(tx.connection, values, user_ids)
    if message.revision != message.posted_revision:
        told += notifications.renew(tx.connection, values, user_ids)
    _tell(tx, told)


def withdraw(tx: Transaction, message_id: int, kind: str | None = None, keep: Collection[int] = ()) -> None:
    """It waits for nobody any more, or by this kind alone for those to `keep`."""
    _tell(tx, notifications.withdraw(tx.connection, tx.now, message_id=message_id, kind=kind, keep=keep))


def leave(tx: Transaction, room_id: int, user_id: int) -> None:
    """Nothing of this room waits for who is not in it any more."""
    _tell(tx, notifications.withdraw(tx.connection, tx.now, room_id=room_id, user_id=user_id))


def inbox(tx: Transaction, actor: Reader, kind: str, before: int) -> list[Notice]:
    """A page, the newest first, and one more when there is another page. An empty `kind` is all."""
    return notifications.inbox(tx.connection, actor.id, kind, before, PAGE + 1)


def open_one(tx: Transaction, actor: Reader, notice_id: int) -> tuple[int, int]:
    """(room, message): it is seen now. Raises NotFound."""
    found = notifications.find(tx.connection, actor.id, notice_id)
    if found is None:
        raise NotFound("This message is gone, or it is not for you to see.")
    if notifications.see(tx.connection, actor.id, tx.now, notice_id):
        _tell(tx, [actor.id])
    return found


def see_all(tx: Transaction, actor: Reader) -> None:
    if notifications.see(tx.connection, actor.id, tx.now):
        _tell(tx, [actor.id])


def see_read(tx: Transaction, user_ids: Collection[int]) -> None:
    """What these people have read of their rooms is seen."""
    _tell(tx, notifications.see_read(tx.connection, user_ids, tx.now))


def unseen(tx: Transaction, user_ids: Sequence[int]) -> list[Call]:
    return notifications.unseen(tx.connection, user_ids)


def changed(tx: Transaction, moment: int) -> dict[int, int]:
    """When the inboxes that changed after this moment changed last, by person; in microseconds since 1970."""
    return notifications.changed(tx.connection, moment)


def overfull(tx: Transaction, since: int) -> list[int]:
    """Whose inboxes changed after this moment, and have more than MOST entries."""
    return notifications.overfull(tx.connection, since, MOST)


def trim(tx: Transaction, user_ids: Iterable[int]) -> None:
    for user_id in user_ids:
        notifications.trim(tx.connection, user_id, MOST)


def _tell(tx: Transaction, user_ids: Iterable[int]) -> None:
    told = sorted(set(user_ids))
    for start in range(0, len(told), TOLD_TOGETHER):
        tx.publish(events.inboxes_changed(told[start : start + TOLD_TOGETHER]))
