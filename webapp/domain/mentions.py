"""Mentions: `@ana` names a member of the room, `@room` everybody in it, `@_ana` somebody who is not told.

A text is rendered before its transaction, with every word that looks like a mention marked. In the transaction the
room's members are known: the words that name them become links, and what names nobody stays text.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from webapp.domain import memberships, notifications, policy
from webapp.domain.accounts import Actor
from webapp.domain.errors import Conflict
from webapp.domain.notifications import MENTION, Cause
from webapp.domain.transaction import Transaction
from webapp.store import mentions
from webapp.store.mentions import Nameable

ROOM, SILENT = "room", "_"
MOST_UNASKED = 50
"""Members of a room whom `@room` tells without a question."""

MOST_SUGGESTED, LATELY = 8, 300
"""People in a list of suggestions, and newest messages that say who spoke last."""
LAST_WORD = re.compile(r"(?:^|[\s(])@_?([^\s@\x00]{1,32})$")

Link = Callable[[Mapping[str, int]], str]


class AskFirst(Conflict):
    """`@room` would tell many; `people` is how many."""

    def __init__(self, people: int) -> None:
        super().__init__(f"@room tells all {people} people in this room. It is not sent yet.")
        self.people = people


@dataclass(frozen=True, slots=True)
class Marked:
    """What a rendered text has that looks like mentions: `names` without the @, in lower case.

    `link` gives its HTML with links for the names that it is given ids of, `room` that of the room. `confirmed`: its
    author knows how many people `@room` tells.
    """

    names: frozenset[str]
    link: Link
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Mentioned:
    """Who is mentioned, whom of these to tell, and whether everybody is. `html` has the links."""

    html: str
    people: frozenset[int] = frozenset()
    loud: frozenset[int] = frozenset()
    everybody: bool = False


def find(tx: Transaction, actor: Actor, room_id: int, html: str, marked: Marked | None) -> Mentioned:
    """Whom the text mentions, by one statement; by none where nothing looks like a mention. Raises AskFirst."""
    if marked is None or not marked.names:
        return Mentioned(html)
    wanted = {name.removeprefix(SILENT) for name in marked.names} | {actor.username}
    members = {each.username: each for each in mentions.named(tx.connection, room_id, sorted(wanted))}
    author = members.get(actor.username)
    everybody = ROOM in marked.names and author is not None and policy.may_manage_room(actor, author.role, direct=False)
    if everybody and not marked.confirmed:
        ask_first(tx, room_id)
    ids = {name: members[name].id for name in wanted - {ROOM} if name in members}
    loud = frozenset(ids[name] for name in marked.names if name in ids)
    named = frozenset(ids[name] for name in (each.removeprefix(SILENT) for each in marked.names) if name in ids)
    links = ids | ({ROOM: room_id} if everybody else {})
    return Mentioned(marked.link(links), named, loud, everybody)


def ask_first(tx: Transaction, room_id: int) -> None:
    """Raises AskFirst in a large room."""
    people = memberships.count(tx, room_id)
    if people > MOST_UNASKED:
        raise AskFirst(people)


def suggest(tx: Transaction, actor: Actor, room_id: int, text: str) -> list[Nameable]:
    """Whom the word at the end of an unfinished text may become a mention of. Raises NotFound."""
    memberships.require(tx, actor, room_id)
    word = LAST_WORD.search(text[-64:])
    if word is None:
        return []
    return mentions.nameable(tx.connection, room_id, actor.id, word[1].lower(), MOST_SUGGESTED, LATELY)


def put(tx: Transaction, message: Cause, found: Mentioned) -> None:
    """Store those of a new message, and tell them."""
    if found.everybody:
        mentions.add_all(tx.connection, message.id, message.room_id)
        notifications.notify(tx, message, None, MENTION)
    elif found.people:
        mentions.add(tx.connection, message.id, found.people)
        notifications.notify(tx, message, found.loud, MENTION)


def replace(tx: Transaction, message: Cause, found: Mentioned) -> None:
    """Store those of an edited message: who is mentioned now and was not is told, who is not any more has nothing."""
    mentions.remove(tx.connection, message.id)
    if not found.everybody:
        notifications.withdraw(tx, message.id, MENTION, found.loud)
    put(tx, message, found)


def remove(tx: Transaction, message_id: int) -> None:
    """A deleted message mentions nobody, and waits for nobody."""
    mentions.remove(tx.connection, message_id)
    notifications.withdraw(tx, message_id)
