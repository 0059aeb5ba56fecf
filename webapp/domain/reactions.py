"""Reactions to messages: one for each person and emoji. A click on one adds one's own, or takes it back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from webapp import emoji
from webapp.domain import messages, rooms
from webapp.domain.accounts import Actor
from webapp.domain.errors import Invalid
from webapp.domain.messages import Message
from webapp.domain.transaction import Transaction
from webapp.emoji import Emoji
from webapp.store import reactions
from webapp.store.reactions import Own, Reacted

MOST_EMOJI = 20
RECENT, LOOKED_BACK = 16, 100

__all__ = ["Group", "Offer", "offer", "toggle", "used"]


@dataclass(frozen=True, slots=True)
class Group:
    """Who reacted with this emoji; `more` are not listed."""

    emoji: str
    people: Sequence[Reacted]
    more: int


@dataclass(frozen=True, slots=True)
class Offer:
    """What a person may react with at once, and who has reacted already."""

    recent: Sequence[Emoji]
    reacted: Sequence[Group]


def toggle(tx: Transaction, actor: Actor, message_id: int, text: str, seen: int | None = None) -> Message:
    """Adds the actor's reaction, or takes it back; gives the message as it is now.

    `seen`: the message's revision in the page that was clicked in. If the actor has changed this reaction since, this
    is the second of two clicks on one button, and changes nothing.
    Raises NotFound, Invalid.
    """
    if text not in emoji.EMOJI:
        raise Invalid(emoji="This is none of the emoji that one can react with.")
    _, message = messages.find(tx, actor, message_id)
    if is_known(reactions.find(tx.connection, message_id, actor.id, text), seen):
        return message
    revision = rooms.advance(tx, message.room_id)
    message = replace(messages.current(tx, actor, message_id), revision=revision)
    own = reactions.find(tx.connection, message_id, actor.id, text)
    if not is_known(own, seen):  # else it was the same click in another transaction, which came first
        change(tx, actor, message, text, own)
    summary = tuple(reactions.summary(tx.connection, message_id))
    return messages.hang(tx, message, replace(message.hanging, reactions=summary))


def is_known(own: Own | None, seen: int | None) -> bool:
    """Whether this person changed the reaction after the page that they click in was made."""
    return own is not None and seen is not None and own.revision > seen


def change(tx: Transaction, actor: Actor, message: Message, text: str, own: Own | None) -> None:
    """Raises Invalid."""
    if own is not None and not own.gone:
        reactions.take_back(tx.connection, message.id, actor.id, text, message.revision)
        return
    there = [each.emoji for each in message.hanging.reactions]
    if text not in there and len(there) >= MOST_EMOJI:
        raise Invalid(emoji=f"A message has at most {MOST_EMOJI} different emoji. Use one of those that stand there.")
    reactions.put(tx.connection, message.id, actor.id, text, message.revision, tx.now)


def used(tx: Transaction, actor: Actor) -> list[Emoji]:
    """What this person used last, the newest first; filled up with usual ones."""
    return emoji.recent(reactions.used(tx.connection, actor.id, LOOKED_BACK), RECENT)


def offer(tx: Transaction, actor: Actor, message: Message) -> Offer:
    """For a message that this person may read."""
    return Offer(used(tx, actor), groups(tx, message))


def groups(tx: Transaction, message: Message) -> list[Group]:
    summary = message.hanging.reactions
    reacted = reactions.named(tx.connection, message.id) if summary else []
    people = {each.emoji: [other for other in reacted if other.emoji == each.emoji] for each in summary}
    return [Group(each.emoji, people[each.emoji], each.count - len(people[each.emoji])) for each in summary]
