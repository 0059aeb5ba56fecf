"""Reacting to a message: a click on an emoji, and the picker to find one."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from webapp import emoji
from webapp.domain import messages, reactions
from webapp.domain.accounts import Actor
from webapp.domain.memberships import Entry, Room
from webapp.domain.messages import Message
from webapp.domain.transaction import Transaction
from webapp.emoji import Emoji
from webapp.templating import render
from webapp.web import forms, guards, pages
from webapp.web.messages import done, place_of
from webapp.web.requests import by_htmx, number, revision, wants_fragment

UNSEEN = -1


@dataclass(frozen=True, slots=True)
class Picker:
    """What reactions/_picker.html shows for the message `id`: the emoji `found`, under titles."""

    room: Room
    id: int
    revision: int
    actor_id: int
    query: str
    groups: Sequence[str]
    found: Sequence[tuple[str, Sequence[Emoji]]]


async def react(request: Request) -> Response:
    """Adds a reaction, or takes it back. The socket brings the change to the page."""
    message_id = number(request, "message")
    form = await forms.read(request)
    sent = form.values["revision"]
    seen = revision(sent, UNSEEN) if sent else None
    _, message = await guards.write(request, reactions.toggle, message_id, form.values["emoji"], seen)
    if not by_htmx(request):
        return pages.see(place_of(message))
    if form.values["panel"]:
        return done(request, message)
    stands = any(each.emoji == form.values["emoji"] for each in message.hanging.reactions)
    return pages.fragment("", 204) if stands else focused(message)


def focused(message: Message) -> Response:
    """The button that was clicked is gone with the last reaction of its kind: the focus goes to the message's menu."""
    return pages.fragment(render("reactions/gone.html", message=message))


async def pick(request: Request) -> Response:
    """The picker, or what is found in it."""
    query, group = request.query_params.get("q", "")[: emoji.LONGEST_QUERY], request.query_params.get("group", "")
    actor, (entry, message, used), mine = await guards.read_page(request, read, number(request, "message"))
    view = Picker(
        entry.room, message.id, message.revision, actor.id, query, emoji.GROUPS, shown(query.strip(), group, used)
    )
    if not wants_fragment(request):
        return pages.answer("reactions/page.html", pages.layout(request, actor, mine, entry.room.id), view=view)
    part = "_found" if {"q", "group"} & request.query_params.keys() else "_picker"
    return pages.fragment(render(f"reactions/{part}.html", view=view))


def read(tx: Transaction, actor: Actor, message_id: int) -> tuple[Entry, Message, list[Emoji]]:
    """Raises NotFound."""
    return *messages.find(tx, actor, message_id), reactions.used(tx, actor)


def shown(query: str, group: str, used: Sequence[Emoji]) -> list[tuple[str, Sequence[Emoji]]]:
    """Titles, each with its emoji."""
    if query:
        return [("Found", emoji.search(query))]
    if group in emoji.GROUPS:
        return [(group.capitalize(), emoji.in_group(group))]
    first = emoji.GROUPS[0]
    return [("Used last", used), (first.capitalize(), emoji.in_group(first))]
