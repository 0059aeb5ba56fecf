"""Posts, edits and deletes messages. Each change takes the room's next revision and is announced with it."""

import re
import secrets
from dataclasses import dataclass, fields, replace

from sqlalchemy.exc import IntegrityError

from webapp.domain import blocks, community, days, events, memberships, mentions, notifications, policy, rooms
from webapp.domain.accounts import Actor
from webapp.domain.days import day
from webapp.domain.errors import AnotherPerson, Conflict, Forbidden, Invalid, NotFound
from webapp.domain.events import Values
from webapp.domain.memberships import Entry
from webapp.domain.mentions import AskFirst, Marked, Mentioned
from webapp.domain.rooms import Position
from webapp.domain.transaction import Transaction
from webapp.store import messages
from webapp.store.extras import Extras
from webapp.store.messages import Message, Stored

OWNED = re.compile(r"for-([1-9]\d{0,17})-")
KEY = re.compile(r"(?=.{8,64}\Z)[A-Za-z0-9_-]+(?:\.\d{1,3})?")
FIELDS = tuple(field.name for field in fields(Message))

__all__ = [
    "AnotherText", "AskFirst", "Draft", "Marked", "Message", "Repeated", "change", "check_owner", "current",
    "deletable", "find", "fresh_key", "hang", "own", "post", "remove", "renewed", "repeated", "source", "stored",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draft:
    """A message before it is posted: its idempotency key, its source, and that rendered, empty until it is.

    `marked`: what looks like mentions in the HTML. `confirmed`: `@room` may tell however many are in the room.
    """

    key: str
    body: str
    html: str = ""
    marked: Marked | None = None
    confirmed: bool = False


class Repeated(Conflict):
    """This author posted with this key before; `repeated` finds what it made."""


class AnotherText(Conflict):
    """This author posted another text with this key."""

    def __init__(self) -> None:
        super().__init__("This draft was sent already, with another text. Yours is kept: send it again if it is new.")


def fresh_key(person_id: int) -> str:
    """The key of a draft for this person: `for-7-` and 128 random bits. Other programs may choose keys of their own."""
    return f"for-{person_id}-{secrets.token_urlsafe(16)}"


def renewed(key: str) -> str:
    """A new key for the person this one was made for."""
    found = OWNED.match(key)
    return fresh_key(int(found[1])) if found else secrets.token_urlsafe(16)


def check_owner(actor: Actor, key: str) -> None:
    """Raises AnotherPerson for a key that was made for somebody else."""
    found = OWNED.match(key)
    if found is not None and int(found[1]) != actor.id:
        raise AnotherPerson(actor.display_name)


def check_key(key: str) -> str:
    if not KEY.fullmatch(key):
        raise Invalid(key="The form's key is missing or damaged. Reload the page; your text can be copied first.")
    return key


def check_body(body: str, longest: int) -> str:
    """The body as it is stored: line ends as \\n, no blank lines around it. Raises Invalid."""
    text = clean(body).rstrip()
    if not text:
        raise Invalid(body="Nothing is written yet.")
    if len(text) > longest:
        raise Invalid(body=f"A message has at most {longest:,} characters; this one has {len(text):,}.")
    return text


def clean(body: str) -> str:
    """The body with line ends as \\n, without NULs and without blank lines before the text."""
    return re.sub(r"\A(?:[ \t]*\n)+", "", body.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", ""))


def post(tx: Transaction, actor: Actor, room_id: int, draft: Draft, time_zone: str) -> Message:
    """The new message. Raises NotFound, Repeated for a key seen before, AnotherPerson, AskFirst, Blocked."""
    check_owner(actor, draft.key)
    offset = community.utc_offset(time_zone, tx.now)
    position = rooms.position(tx, room_id, actor.id)
    continues, opens_day = days.looks(position, actor.id, offset)
    withdrawn: list[Message] = []
    if days.leapt_back(position):
        position, opens_day, withdrawn = set_right(tx, room_id, actor.id, position, offset)
    mentioned = mentions.find(tx, actor, room_id, draft.html, draft.marked) if draft.marked else Mentioned(draft.html)
    values = {
        "room_id": room_id,
        "author_id": actor.id,
        "key": draft.key,
        "body": draft.body,
        "html": mentioned.html,
        "created_at": position.posted_at,
        "utc_offset": offset,
        "continues": continues,
        "opens_day": opens_day,
        "posted_revision": position.revision,
        "revision": position.revision,
        "extras": "",
    }
    try:
        message_id = messages.add(tx.connection, values)
    except IntegrityError as error:
        raise Repeated("This was posted already.") from error
    message = Message(
        message_id, room_id, actor.id, actor.display_name, mentioned.html, position.posted_at, offset, continues,
        opens_day, position.revision, position.revision,
    )  # fmt: skip
    if draft.marked:
        mentions.put(tx, message, mentioned)
    if position.party is not None:
        blocks.check(tx, actor.id, position.party)  # after the key: what was sent before the block was sent
        notifications.notify(tx, message, None, notifications.DIRECT)
    announce(tx, *withdrawn, message)
    tx.publish(events.room_posted(room_id, {actor.id: position.revision}))
    return message


def set_right(
    tx: Transaction, room_id: int, author_id: int, position: Position, offset: int
) -> tuple[Position, bool, list[Message]]:
    """Corrects day headings after the clock was set back.

    Gives (the new message's position, whether it opens a day, the messages that lose their heading).
    """
    later = messages.opening_later(tx.connection, room_id, position.posted_at, days.MOST_WITHDRAWN + 1)
    if len(later) > days.MOST_WITHDRAWN and position.previous_posted_at is not None:
        rooms.set_last(tx, room_id, author_id, position.previous_posted_at, position.revision)
        return position._replace(posted_at=position.previous_posted_at), False, []
    for message in later:
        messages.change(tx.connection, message.id, position.revision, opens_day=False)
    last = messages.opening_last(tx.connection, room_id)
    opens_day = last is None or day(position.posted_at, offset) > day(last.created_at, last.utc_offset)
    return position, opens_day, [replace(each, revision=position.revision, opens_day=False) for each in later]


def announce(tx: Transaction, *changed: Message) -> None:
    """Publishes what one revision of a room changed."""
    room_id, revision = changed[0].room_id, changed[0].revision
    tx.publish(events.messages_changed(room_id, revision, [by_name(each) for each in changed]))


def by_name(message: Message) -> Values:
    """The message's fields by name, for processes that may be of another release and take the names that they know."""
    return {name: getattr(message, name) for name in FIELDS}


def repeated(tx: Transaction, actor: Actor, room_id: int, draft: Draft) -> Message:
    """What the first POST with this key made. Raises NotFound when that was in another room, AnotherText."""
    found = messages.find_key(tx.connection, actor.id, draft.key)
    memberships.require(tx, actor, room_id)
    if found is None or found.room_id != room_id:
        raise NotFound("This draft was posted in another room.")
    if found.deleted_at is None and messages.body(tx.connection, found.id) != draft.body:
        raise AnotherText
    return found


def stored(tx: Transaction, actor: Actor, key: str) -> Stored | None:
    """The message that the actor posted with this key, None before that."""
    return messages.stored(tx.connection, actor.id, key)


def find(tx: Transaction, actor: Actor, message_id: int) -> tuple[Entry, Message]:
    """A message that is not deleted, with its room. Raises NotFound, too, when the actor may not read the room."""
    message = messages.find(tx.connection, message_id)
    if message is None or message.deleted_at is not None:
        raise NotFound("This message is gone, or it is not for you to see.")
    return memberships.require(tx, actor, message.room_id), message


def source(tx: Transaction, actor: Actor, message_id: int) -> str:
    """The message's text as its author typed it. Raises NotFound."""
    find(tx, actor, message_id)
    return messages.body(tx.connection, message_id)


def own(tx: Transaction, actor: Actor, message_id: int) -> Message:
    """A message that this person may edit. Raises NotFound, Forbidden, Blocked."""
    entry, message = find(tx, actor, message_id)
    if not policy.may_edit(actor, message.author_id):
        raise Forbidden("Only its author may edit a message.")
    blocks.check(tx, actor.id, entry.room.party)
    return message


def change(
    tx: Transaction, actor: Actor, message_id: int, body: str, html: str, marked: Marked | None = None
) -> Message:
    """Edit one's own message. Raises NotFound, Forbidden, AskFirst."""
    message = own(tx, actor, message_id)
    revision = rooms.advance(tx, message.room_id)
    message = current(tx, actor, message_id)
    mentioned = mentions.find(tx, actor, message.room_id, html, marked)
    messages.change(tx.connection, message_id, revision, body=body, html=mentioned.html, edited_at=tx.now)
    message = replace(message, html=mentioned.html, revision=revision, edited_at=tx.now)
    mentions.replace(tx, message, mentioned)
    announce(tx, message)
    return message


def hang(tx: Transaction, message: Message, hanging: Extras) -> Message:
    """Announces the message, whose revision is this transaction's, with all that hangs on it now."""
    changed = messages.put_extras(tx.connection, message, hanging)
    announce(tx, changed)
    return changed


def deletable(tx: Transaction, actor: Actor, message_id: int) -> Message:
    """A message that this person may delete. Raises NotFound, Forbidden."""
    entry, message = find(tx, actor, message_id)
    if not policy.may_delete(actor, message.author_id, entry.room.direct):
        raise Forbidden("Only its author or an admin may delete a message.")
    return message


def remove(tx: Transaction, actor: Actor, message_id: int) -> Message:
    """Deletes a message, leaving a tombstone. The author's name and the day heading above it pass to later messages.

    Raises NotFound, Forbidden.
    """
    message = deletable(tx, actor, message_id)
    revision = rooms.advance(tx, message.room_id)
    message = current(tx, actor, message_id)
    heir = messages.following(tx.connection, message.room_id, message_id)
    messages.change(tx.connection, message_id, revision, body="", html="", extras="", deleted_at=tx.now)
    mentions.remove(tx, message_id)
    messages.clear(tx.connection, message_id)
    tombstone = replace(message, html="", extras="", revision=revision, deleted_at=tx.now)
    changed = [tombstone]
    if heir is None:
        last = next(iter(messages.newest(tx.connection, message.room_id, 1)), None)
        left = (last.author_id, last.created_at, last.posted_revision) if last else (None, None, 0)
        rooms.set_last(tx, message.room_id, *left)
    else:
        changed += [replace(each, revision=revision) for each in bequeath(tx, message, heir)]
        for each in changed[1:]:
            messages.change(tx.connection, each.id, revision, continues=each.continues, opens_day=each.opens_day)
    announce(tx, *changed)
    return tombstone


def bequeath(tx: Transaction, gone: Message, heir: Message) -> list[Message]:
    """The messages that look different now: `heir`, the next one, may show the author; the first that fits, the day.

    Both are the same one, unless the clock was wrong: a message from a later day than the next heading's gets none.
    """
    opens = find_opening(tx, gone) if gone.opens_day and not heir.opens_day else None
    continues = heir.continues and gone.continues
    if opens is not None and opens.id == heir.id:
        return [replace(heir, continues=False, opens_day=True)]
    changed = [replace(heir, continues=False)] if continues != heir.continues else []
    return changed if opens is None else [*changed, replace(opens, continues=False, opens_day=True)]


def find_opening(tx: Transaction, gone: Message) -> Message | None:
    """The first message after the deleted one that may take over its day heading; None when there is none."""
    following = messages.opening_next(tx.connection, gone.room_id, gone.id)
    if following is None:
        latest = rooms.last_posted_at(tx, gone.room_id)
        return messages.following_until(tx.connection, gone.room_id, gone.id, latest)
    found = messages.following_until(tx.connection, gone.room_id, gone.id, following.created_at)
    if found is None or found.id >= following.id:
        return None
    earlier = day(found.created_at, found.utc_offset) < day(following.created_at, following.utc_offset)
    return found if earlier else None


def current(tx: Transaction, actor: Actor, message_id: int) -> Message:
    """The message as it is now that the room is locked.

    Raises NotFound when it was deleted, or the actor removed from the room, while the transaction waited for the lock.
    """
    _, message = find(tx, actor, message_id)
    return message
