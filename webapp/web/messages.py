"""Pages of a room's history, and one message with what its reader may do to it."""

from dataclasses import dataclass, replace
from functools import partial

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from webapp.domain import history, messages, policy
from webapp.domain.accounts import Actor
from webapp.domain.memberships import Entry, OwnRoom, Room
from webapp.domain.messages import AskFirst, Message
from webapp.domain.transaction import Transaction
from webapp.services import posting
from webapp.templating import render
from webapp.web import errors, forms, guards, pages, rooms
from webapp.web.forms import Form
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

    `body` is its source, or what was typed in the edit form when `problem` says why that was refused.
    """

    room: Room
    id: int
    html: Markup
    author_name: str
    body: str
    actor_id: int
    may_edit: bool
    may_delete: bool
    problem: str = ""
    asking: Asking = Asking()


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
    actor, (entry, found, source), mine = await guards.read_page(request, read, number(request, "message"))
    view = view_of(request, actor, entry, found, source)
    return actor, replace(view, body=body, problem=problem) if problem else view, mine


def read(tx: Transaction, actor: Actor, message_id: int) -> tuple[Entry, Message, str]:
    """(the room, the message, what its author typed). Raises NotFound."""
    return *messages.find(tx, actor, message_id), messages.source(tx, actor, message_id)


def view_of(request: Request, actor: Actor, entry: Entry, found: Message, source: str) -> View:
    """What the templates show of it."""
    return View(
        room=entry.room,
        id=found.id,
        html=resources(request).rendered.html(found),
        author_name=found.author_name,
        body=source,
        actor_id=actor.id,
        may_edit=policy.may_edit(actor, found.author_id),
        may_delete=policy.may_delete(actor, found.author_id),
    )


def show(request: Request, actor: Actor, view: View, mine: list[OwnRoom]) -> Response:
    """The panel, or the page around it."""
    if wants_fragment(request):
        return pages.fragment(render("messages/_actions.html", view=view))
    return pages.answer("messages/page.html", pages.layout(request, actor, mine, view.room.id), view=view)


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
    actor, (entry, found, source), mine = await guards.read_page(request, deletable, number(request, "message"))
    view = view_of(request, actor, entry, found, source)
    if wants_fragment(request):
        return pages.fragment(render("messages/_delete.html", view=view))
    return pages.answer("messages/delete.html", pages.layout(request, actor, mine, view.room.id), view=view)


def deletable(tx: Transaction, actor: Actor, message_id: int) -> tuple[Entry, Message, str]:
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
    around = "" if changed.deleted_at else f"?around={changed.id}#message-{changed.id}"
    return pages.see(f"/rooms/{changed.room_id}{around}")
