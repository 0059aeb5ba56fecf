"""Changes as HTML for sockets: the envelopes of templates/*/events/ around the pages' own partials."""

from collections.abc import Iterable, Sequence
from types import SimpleNamespace

from markupsafe import Markup

from webapp.domain.history import Changes
from webapp.domain.messages import Message
from webapp.services.leases import Person
from webapp.templating import message_html, messages_html, render

LISTED = 100


def changed(messages: Iterable[Message], since: int, head: int) -> str:
    """What leads a reader from revision `since` to `head`. Each message once, in its newest state, by id."""
    ordered = sorted(messages, key=lambda message: message.id)
    shown = [message for message in ordered if message.deleted_at is None]
    change = SimpleNamespace(
        head=head,
        removed=[message for message in ordered if message.deleted_at is not None],
        replaced=[item(message) for message in shown if message.posted_revision <= since],
        posted=[item(message) for message in shown if message.posted_revision > since],
    )
    return render("messages/events/changed.html", change=change)


def item(message: Message) -> SimpleNamespace:
    return SimpleNamespace(id=message.id, html=message_html(message))


def replayed(room_id: int, changes: Changes) -> str:
    """The same for one who was away; the whole newest page when that was too long."""
    if not changes.reset:
        return changed(changes.messages, changes.since, changes.head)
    return render("messages/events/reset.html", change=SimpleNamespace(head=changes.head, log=log(room_id, changes)))


def log(room_id: int, changes: Changes) -> Markup:
    first = changes.messages[0].id if changes.messages else 0
    older = f"/rooms/{room_id}/messages?before={first}" if changes.older else ""
    values = SimpleNamespace(older=older, newer="", messages=messages_html(changes.messages))
    return Markup(render("messages/_log.html", log=values))  # noqa: S704 - rendered by Jinja, which escapes


def room_changed(name: str, topic: str) -> str:
    return render("rooms/events/changed.html", room=SimpleNamespace(name=name, topic=topic))


def presence_changed(user_id: int, name: str, here: bool) -> str:
    return render("presence/events/changed.html", person=SimpleNamespace(id=user_id, name=name, here=here))


def crowd_changed(count: int) -> str:
    """So many came or went at once that each is not worth a line; nothing for none."""
    return render("presence/events/crowd.html", count=count) if count else ""


def here(people: Sequence[Person]) -> str:
    """The list of who is here; of a crowd its first, and how many more."""
    roster = SimpleNamespace(people=people[:LISTED], more=max(0, len(people) - LISTED))
    return render("presence/events/here.html", roster=roster)


def heartbeat() -> str:
    return render("live/events/heartbeat.html")


def no_notice() -> str:
    """Take away what was said of a lost connection."""
    return render("live/events/no_notice.html")


def notice(text: str) -> str:
    return render("live/events/notice.html", notice=text)


def acknowledged(key: str, message_id: int) -> str:
    """To who posted over the socket: this draft is stored, as this message."""
    return render("messages/events/acknowledged.html", draft=SimpleNamespace(key=key, message_id=message_id))
