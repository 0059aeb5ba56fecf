"""Pages of a room's history, and one message with what its reader may do to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from webapp.domain import history, messages, policy, reactions
from webapp.domain.accounts import Actor
from webapp.domain.memberships import Entry, OwnRoom, Room
from webapp.domain.messages import AskFirst, Message
from webapp.domain.reactions import Group, Offer
from webapp.domain.transaction import Transaction
from webapp.emoji import Emoji
from webapp.services import posting
from webapp.templating import render
from webapp.web import errors, forms, guards, pages, rooms
from webapp.web.forms import Form
from webapp.web.invitations import base_url
from webapp.web.requests import by_htmx, number, place, resources, revision, session_hash, wants_fragment
from webapp.web.rooms import Socket


@dataclass(frozen=True, slots=True)
class Asking:
    """What mentions/_ask.html shows in the edit form: how many people are told, 0 when nothing is asked."""

    people: int = 0
    key: str = "1"


@dataclass(frozen=True, slots=True)
class View:
    """A message for one person, as messages/_actions.html and the pages around it show it.

    `body` is its source, or what was typed in the edit form when `problem` says why that was refused. `link` leads to
    its place in the room. `recent`: emoji that they may react with at once.
    """

    room: Room
    id: int
    html: Markup
    author_name: str
    body: str
    actor_id: int
    may_edit: bool
    may_delete: bool
    link: str
    revision: int
    recent: Sequence[Emoji]
    reacted: Sequence[Group]
    problem: str = ""
    asking: Asking = Asking()


@dataclass(frozen=True, slots=True)
class Found:
    """A message with its room, its source, and what one may react to it with."""

    entry: Entry
    message: Message
    source: str
    offer: Offer


async def page(request: Request) -> Response:
    """A page of the history: a part to put beside the others, or the room's page without htmx."""
    room_id = number(request, "room")
    if not wants_fragment(request):
        return await rooms.show(request, room_id)
    where = place(request)
    _, (entry, found) = await guards.read(request, history.read, room_id, where)
    log = resources(request).rendered.log(room_id, found.messages, found.older, found.newer)
    head, query = entry.room.head, request.query_params
    people = revision(query.get("people"), resources(request).people.revision)
    socket = Socket(room_id, revision(query.get("since"), head), people, head, behind=True)
    if "before" in where:
        return pages.fragment(render("messages/older.html", log=replace(log, newer=""), socket=socket))
    return pages.fragment(render("messages/newer.html", log=replace(log, older=""), socket=socket))


async def message(request: Request) -> Response:
    """The permalink: the message with what this person may do to it, in a panel or as a page."""
    actor, view, mine = await read_view(request)
    return show(request, actor, view, mine)


async def read_view(request: Request, body: str = "", problem: str = "") -> tuple[Actor, View, list[OwnRoom]]:
    """(who asks, the message, their rooms). `body` and `problem` are of a refused edit. Raises SignedOut, NotFound."""
    actor, found, mine = await guards.read_page(request, read, number(request, "message"))
    view = view_of(request, actor, found)
    return actor, replace(view, body=body, problem=problem) if problem else view, mine


def read(tx: Transaction, actor: Actor, message_id: int) -> Found:
    """Raises NotFound."""
    entry, message = messages.find(tx, actor, message_id)
    source = messages.source(tx, actor, message_id)
    return Found(entry, message, source, reactions.offer(tx, actor, message))


def view_of(request: Request, actor: Actor, found: Found) -> View:
    """What the templates show of it."""
    message, offer = found.message, found.offer
    return View(
        room=found.entry.room,
        id=message.id,
        html=resources(request).rendered.html(message),
        author_name=message.author_name,
        body=found.source,
        actor_id=actor.id,
        may_edit=policy.may_edit(actor, message.author_id),
        may_delete=policy.may_delete(actor, message.author_id, found.entry.room.direct),
        link=f"{base_url(request)}{place_of(message)}",
        revision=message.revision,
        recent=offer.recent,
        reacted=offer.reacted,
    )


def show(request: Request, actor: Actor, view: View, mine: list[OwnRoom]) -> Response:
    """The panel, or the page around it."""
    if wants_fragment(request):
        return pages.fragment(render("messages/_actions.html", view=view))
    return whole("messages/page.html", request, actor, view, mine)


def whole(template: str, request: Request, actor: Actor, view: View, mine: list[OwnRoom]) -> Response:
    """A page of its own for the message."""
    layout = pages.layout(request, actor, mine, view.room.id)
    return pages.answer(template, layout, view=replace(view, room=layout.called(view.room)))


async def edit(request: Request) -> Response:
    """Change the author's own message. Raises NotFound, Forbidden."""
    message_id = number(request, "message")
    form = await forms.read(request)
    values, author = form.values, await forms.author(request)
    try:
        changed = await posting.edit(
            resources(request), session_hash(request), message_id, values["body"], author, bool(values["confirmed"])
        )
    except errors.SHOWN_IN_FORM as error:
        asking = Asking(error.people if isinstance(error, AskFirst) else 0)
        return await errors.show_again(request, form, error, partial(show_form, asking=asking))
    return done(request, changed)


async def show_form(request: Request, form: Form, asking: Asking) -> Response:
    """A refused edit; htmx leaves the form as it is and shows the problem."""
    actor, view, mine = await read_view(request, form.values["body"], form.problem)
    view = replace(view, asking=asking)
    if by_htmx(request):
        return pages.fragment(render("messages/refused.html", view=view))
    return show(request, actor, view, mine)


async def ask_to_delete(request: Request) -> Response:
    """Asks before a message is deleted."""
    actor, found, mine = await guards.read_page(request, deletable, number(request, "message"))
    view = view_of(request, actor, found)
    if wants_fragment(request):
        return pages.fragment(render("messages/_delete.html", view=view))
    return whole("messages/delete.html", request, actor, view, mine)


def deletable(tx: Transaction, actor: Actor, message_id: int) -> Found:
    """Raises NotFound, Forbidden."""
    messages.deletable(tx, actor, message_id)
    return read(tx, actor, message_id)


async def menu(request: Request) -> Response:
    """The link to a message's actions once more, which takes the focus."""
    _, (_, found) = await guards.read(request, messages.find, number(request, "message"))
    return pages.fragment(render("messages/_menu.html", message=found))


async def delete(request: Request) -> Response:
    """Raises NotFound, Forbidden."""
    _, gone = await guards.write(request, messages.remove, number(request, "message"))
    return done(request, gone)


def done(request: Request, changed: Message) -> Response:
    """The socket brings the change to the page; the answer closes the panel and gives the focus back."""
    if by_htmx(request):
        return pages.fragment(render("messages/done.html", message=changed))
    return pages.see(f"/rooms/{changed.room_id}" if changed.deleted_at else place_of(changed))


def place_of(found: Message) -> str:
    """The path of the message in its room."""
    return f"/rooms/{found.room_id}?around={found.id}#message-{found.id}"
