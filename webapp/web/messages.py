"""Messages over HTTP: history, and one message with what can be done to it. Posting is in outbox.py."""

from types import SimpleNamespace

from starlette.requests import Request
from starlette.responses import Response

from webapp.domain import history, memberships, messages, policy
from webapp.domain.accounts import Actor
from webapp.domain.errors import Invalid, TooMany
from webapp.domain.memberships import Entry, Room
from webapp.domain.messages import Message
from webapp.domain.transaction import Transaction
from webapp.services import posting
from webapp.templating import message_html, render
from webapp.web import errors, forms, guards, newest, pages, rooms
from webapp.web.requests import by_htmx, number, place, resources, revision, session_hash, wants_fragment


async def page(request: Request) -> Response:
    """A page of the history: a part to put beside the others, or the room's page without htmx."""
    room_id = number(request, "room")
    if not wants_fragment(request):
        return await rooms.show_room(request, room_id)
    where = place(request)
    _, (entry, found) = await guards.read(request, history.read, room_id, where)
    log = newest.log(room_id, found)
    head = entry.room.head
    since = revision(request.query_params.get("since"), head)
    socket = SimpleNamespace(room_id=room_id, head=head, since=since, behind=True)
    if "before" in where:
        log.newer = ""
        return pages.fragment(render("messages/older.html", log=log, socket=socket))
    log.older = ""
    return pages.fragment(render("messages/newer.html", log=log, socket=socket))


class View(SimpleNamespace):
    """What messages/page.html and messages/_actions.html show of a message, to one person."""


async def message(request: Request) -> Response:
    """The permalink: the message with what this person may do to it, in a panel or as a page."""
    actor, (view, mine) = await guards.read(request, viewed, number(request, "message"))
    return show(request, actor, view, mine, 200)


def viewed(tx: Transaction, actor: Actor, message_id: int) -> tuple[View, list[Room]]:
    entry, found = messages.find(tx, actor, message_id)
    mine = memberships.mine(tx, actor)
    return view_of(entry, found, actor, messages.source(tx, actor, message_id)), mine


def view_of(entry: Entry, found: Message, actor: Actor, body: str, problem: str = "") -> View:
    return View(
        room=entry.room,
        id=found.id,
        html=message_html(found),
        author_name=found.author_name,
        body=body,
        problem=problem,
        actor_id=actor.id,
        may_edit=policy.may_edit(actor, found.author_id),
        may_delete=policy.may_delete(actor, found.author_id),
    )


def show(request: Request, actor: Actor, view: View, mine: list[Room], status: int) -> Response:
    if wants_fragment(request):
        return pages.fragment(render("messages/_actions.html", view=view), status)
    frame = pages.page(request, actor, mine, view.room.id)
    return pages.answer("messages/page.html", frame, status, view=view)


async def edit(request: Request) -> Response:
    message_id = number(request, "message")
    form = await forms.read(request)
    try:
        changed = await posting.edit(
            resources(request), session_hash(request), message_id, form.values["body"], await forms.author(request)
        )
    except (Invalid, TooMany) as error:
        actor, (view, mine) = await guards.read(request, viewed, message_id)
        view.body, view.problem, status = form.values["body"], error.text, errors.status_of(error)
        if by_htmx(request):
            return errors.with_wait(pages.fragment(render("messages/refused.html", view=view), status), error)
        return errors.with_wait(show(request, actor, view, mine, status), error)
    return done(request, changed)


async def ask_to_delete(request: Request) -> Response:
    actor, (view, mine) = await guards.read(request, deletable, number(request, "message"))
    if wants_fragment(request):
        return pages.fragment(render("messages/_delete.html", view=view))
    return pages.answer("messages/delete.html", pages.page(request, actor, mine, view.room.id), view=view)


def deletable(tx: Transaction, actor: Actor, message_id: int) -> tuple[View, list[Room]]:
    messages.deletable(tx, actor, message_id)
    return viewed(tx, actor, message_id)


async def menu(request: Request) -> Response:
    """The link to a message's actions once more, which takes the focus."""
    _, (_, found) = await guards.read(request, messages.find, number(request, "message"))
    return pages.fragment(render("messages/_menu.html", message=found))


async def delete(request: Request) -> Response:
    _, gone = await guards.write(request, messages.remove, number(request, "message"))
    return done(request, gone)


def done(request: Request, changed: Message) -> Response:
    """The socket brings the change to the page; the answer closes the panel and gives the focus back."""
    if by_htmx(request):
        return pages.fragment(render("messages/done.html", message=changed))
    around = "" if changed.deleted_at else f"?around={changed.id}#message-{changed.id}"
    return pages.see(f"/rooms/{changed.room_id}{around}")
