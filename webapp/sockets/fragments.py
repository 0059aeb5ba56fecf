"""Changes as HTML for sockets: the envelopes of templates/*/events/ around the pages' own partials."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from webapp.domain import people
from webapp.domain.history import Change, Changes
from webapp.domain.messages import Message
from webapp.domain.people import Face
from webapp.domain.rooms import Facts
from webapp.templating import Log, RenderedMessages, render

LISTED = 100


@dataclass(frozen=True, slots=True)
class Changed:
    """What messages/events/changed.html shows: messages to remove, to replace and to append.

    `html` renders one that is shown.
    """

    head: int
    removed: list[Message]
    replaced: list[Message]
    posted: list[Message]
    html: Callable[[Message], Markup]


@dataclass(frozen=True, slots=True)
class Reset:
    """What messages/events/reset.html puts in the place of all that a page shows."""

    head: int
    log: Log


@dataclass(frozen=True, slots=True)
class Presence:
    """A person who came, or who left. `status`: what they say of themselves, empty for nothing."""

    id: int
    name: str
    status: str = ""
    here: bool = True


@dataclass(frozen=True, slots=True)
class Here:
    """Who is here; `more` are not listed."""

    people: Sequence[Presence]
    more: int


@dataclass(frozen=True, slots=True)
class Called:
    """What people/events/changed.html tells: how these are called now, with their statuses, up to this revision."""

    people: Sequence[Presence]
    revision: int


@dataclass(frozen=True, slots=True)
class Unread:
    """What unread/events/changed.html tells a page: rooms that are unread, read, or gone from its list.

    `only`: all others are read, and nothing waits in them. `numbers`: rooms and how many messages wait in them, `total`
    in all of them, None while that stays. `title`, if it changes, and whether `anything` is unread.
    """

    lit: Sequence[int] = ()
    dark: Sequence[int] = ()
    gone: Sequence[int] = ()
    only: bool = False
    numbers: Sequence[tuple[int, int]] = ()
    total: int | None = None
    title: str = ""
    anything: bool = False


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The draft of this key is stored as this message."""

    key: str
    message_id: int


def changed(rendered: RenderedMessages, changes: Iterable[Change], since: int, head: int) -> str:
    """The fragment that takes a page from revision `since` to `head`: each message once, in its newest state, by id."""
    room = ""
    removed: list[Message] = []
    replaced: list[Message] = []
    posted: list[Message] = []
    for each in sorted(changes, key=lambda change: change.id):
        if isinstance(each, Facts):
            room = room_changed(each)
        elif each.deleted_at is not None:
            removed.append(each)
        elif each.posted_revision > since:
            posted.append(each)
        else:
            replaced.append(each)
    change = Changed(head, removed, replaced, posted, rendered.html)
    return render("messages/events/changed.html", change=change) + room


def reset(rendered: RenderedMessages, room_id: int, changes: Changes) -> str:
    """The newest page, for readers who missed too much to be sent it change by change."""
    change = Reset(changes.head, rendered.log(room_id, changes.messages, changes.older))
    told = render("messages/events/reset.html", change=change)
    return told + (room_changed(changes.room) if changes.room else "")


def room_changed(room: Facts) -> str:
    return render("rooms/events/changed.html", room=room)


def people_changed(faces: Iterable[Face], revision: int) -> str:
    """Wherever a page names these people. `revision`: the community's people, as the page stands after it."""
    return render("people/events/changed.html", change=Called([present(face) for face in faces], revision))


def present(face: Face) -> Presence:
    return Presence(face.id, face.name, people.status(face, time.time_ns() // 1000))


def presence_changed(person: Presence) -> str:
    return render("presence/events/changed.html", person=person)


def crowd_changed(count: int) -> str:
    """One line for many who came or went at once; nothing for none."""
    return render("presence/events/crowd.html", count=count) if count else ""


def here(listed: Sequence[Presence], more: int = 0) -> str:
    """The list of who is here, and the number of those that are not listed."""
    return render("presence/events/here.html", roster=Here(listed, more))


def heartbeat() -> str:
    return render("live/events/heartbeat.html")


def no_notice() -> str:
    """Removes the notice of a lost connection."""
    return render("live/events/no_notice.html")


def notice(text: str) -> str:
    return render("live/events/notice.html", notice=text)


def unread(change: Unread) -> str:
    return render("unread/events/changed.html", change=change)


def inbox_changed() -> str:
    """Lets an open inbox read its list again."""
    return render("inbox/events/changed.html")


def missing(room_id: int) -> str:
    """Lets a page whose list lacks this room fetch its entry."""
    return render("sidebar/_missing.html", room=room_id)


def hidden(room_id: int) -> str:
    """The room goes from the list of every page but its own."""
    return render("direct/events/hidden.html", room=room_id)


def titled(title: str) -> str:
    """The title of the page's window; the dot in it stays."""
    return render("direct/events/titled.html", title=title)


def left(away: bool) -> str:
    """Whether the page shows another part of the list: from here on messages are counted as new."""
    return render("unread/events/left.html", away=away)


def acknowledged(key: str, message_id: int) -> str:
    """Answers a post over the socket: this draft is stored as this message."""
    return render("messages/events/acknowledged.html", draft=Acknowledged(key, message_id))
