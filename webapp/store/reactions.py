"""Reactions: one for each person, emoji and message. A message's row has their summary: see extras.py."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from webapp.store.extras import MOST_PEOPLE, Reaction
from webapp.store.schema import reactions, users
from webapp.store.users import SHOWN_NAME


@dataclass(frozen=True, slots=True)
class Own:
    """`revision`: of the room, when this person reacted so, or took it back (`gone`)."""

    revision: int
    gone: bool


@dataclass(frozen=True, slots=True)
class Reacted:
    """A person who reacted so."""

    emoji: str
    user_id: int
    name: str


PRESENT = (reactions.c.message_id == bindparam("message"), reactions.c.gone.is_(False))
COUNTS = (
    select(reactions.c.emoji, func.count())
    .where(*PRESENT)
    .group_by(reactions.c.emoji)
    .order_by(func.min(reactions.c.created_at), reactions.c.emoji)
)
FIRST = (reactions.c.created_at, reactions.c.user_id)
PEOPLE = select(reactions.c.emoji, reactions.c.user_id).where(*PRESENT).order_by(*FIRST).limit(MOST_PEOPLE)
NAMED = (
    select(reactions.c.emoji, reactions.c.user_id, SHOWN_NAME)
    .join(users, users.c.id == reactions.c.user_id)
    .where(*PRESENT)
    .order_by(*FIRST)
    .limit(MOST_PEOPLE)
)
USED = (
    select(reactions.c.emoji)
    .where(reactions.c.user_id == bindparam("user"), reactions.c.gone.is_(False))
    .order_by(reactions.c.created_at.desc())
    .limit(bindparam("limit"))
)


def find(connection: Connection, message_id: int, user_id: int, emoji: str) -> Own | None:
    row = connection.execute(
        select(reactions.c.revision, reactions.c.gone).where(
            reactions.c.message_id == message_id, reactions.c.user_id == user_id, reactions.c.emoji == emoji
        )
    ).first()
    return Own(*row) if row else None


def put(connection: Connection, message_id: int, user_id: int, emoji: str, revision: int, now: int) -> None:
    """For the holder of the room's lock."""
    values = {"revision": revision, "created_at": now, "gone": False}
    place = {"message_id": message_id, "user_id": user_id, "emoji": emoji}
    again = update(reactions).filter_by(**place).values(**values)
    if not connection.execute(again).rowcount:
        connection.execute(insert(reactions).values(**place, **values))


def take_back(connection: Connection, message_id: int, user_id: int, emoji: str, revision: int) -> None:
    """Leaves a mark that this person took it back; of each message only their last one stays."""
    own = delete(reactions).filter_by(message_id=message_id, user_id=user_id)
    connection.execute(own.where(reactions.c.gone.is_(True)))
    gone = update(reactions).filter_by(message_id=message_id, user_id=user_id, emoji=emoji)
    connection.execute(gone.values(gone=True, revision=revision))


def summary(connection: Connection, message_id: int) -> list[Reaction]:
    """All reactions to the message, the earliest emoji first."""
    people: defaultdict[str, list[int]] = defaultdict(list)
    for emoji, user_id in connection.execute(PEOPLE, {"message": message_id}):
        people[emoji].append(user_id)
    counts = connection.execute(COUNTS, {"message": message_id})
    return [Reaction(emoji, count, tuple(people[emoji])) for emoji, count in counts]


def named(connection: Connection, message_id: int) -> list[Reacted]:
    """Who reacted to the message, the first first; at most MOST_PEOPLE."""
    return [Reacted(*row) for row in connection.execute(NAMED, {"message": message_id})]


def used(connection: Connection, user_id: int, limit: int) -> list[str]:
    """Emoji of this person's last reactions, the newest first."""
    return list(connection.execute(USED, {"user": user_id, "limit": limit}).scalars())
