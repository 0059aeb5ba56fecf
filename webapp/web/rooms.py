"""Rooms as pages: the directory, the room, its members."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from webapp.domain import history, memberships, messages, rooms
from webapp.domain.accounts import Actor
from webapp.domain.errors import SignedOut
from webapp.domain.history import Page
from webapp.domain.memberships import Entry, Room
from webapp.domain.rooms import Listing
from webapp.domain.transaction import Transaction
from webapp.services import cookies
from webapp.templating import render
from webapp.web import accounts, errors, forms, guards, newest, pages, reasons
from webapp.web.forms import Form
from webapp.web.newest import NewestPages
from webapp.web.requests import number, place, resources, revision, session_hash

LAST_ROOM = "last_room"
YEAR = 31_536_000


class View(NamedTuple):
    """A room's page for one person; `page` is None for a guest before an open room, and where `known` is its log."""

    entry: Entry
    page: Page | None
    known: SimpleNamespace | None
    mine: list[Room]


@dataclass(frozen=True, slots=True)
class Draft:
    """What messages/_draft.html shows. A spare one waits for its turn."""

    key: str
    body: str
    problem: str
    placeholder: str
    spare: bool


async def home(request: Request) -> Response:
    """The room where this browser last was, if its person is still in it."""
    if await accounts.is_fresh(request):
        return pages.see("/setup")
    try:
        _, mine = await guards.read(request, memberships.mine)
    except SignedOut:
        return pages.see("/login")
    last = cookies.read(resources(request), request, LAST_ROOM)
    there = next((room for room in mine if str(room.id) == last), mine[0] if mine else None)
    return pages.see(f"/rooms/{there.id}" if there else "/rooms")


async def directory(request: Request) -> Response:
    actor, (listings, mine) = await guards.read(request, listed)
    return show_directory(request, actor, listings, mine, Form())


def listed(tx: Transaction, actor: Actor) -> tuple[list[Listing], list[Room]]:
    return rooms.directory(tx, actor), memberships.mine(tx, actor)


def show_directory(
    request: Request, actor: Actor, listings: list[Listing], mine: list[Room], form: Form, status: int = 200
) -> Response:
    frame = pages.page(request, actor, mine, here="directory")
    return pages.answer(
        "rooms/directory.html", frame, status, listings=listings, form=form, reason=reasons.told(request)
    )


async def create(request: Request) -> Response:
    form = await forms.read(request)
    try:
        resources(request).new_rooms.check(session_hash(request))
        actor, room_id = await guards.write(request, created, form)
        resources(request).new_rooms.belongs(actor.session, actor.id)
    except errors.SHOWN_IN_FORM as error:
        form.blame(error)
        actor, (listings, mine) = await guards.read(request, listed)
        shown = show_directory(request, actor, listings, mine, form, errors.status_of(error))
        return errors.with_wait(shown, error)
    return pages.see(f"/rooms/{room_id}")


def created(tx: Transaction, actor: Actor, form: Form) -> int:
    values = form.values
    return rooms.create(tx, actor.id, values["name"], values["topic"], values["visibility"] or "open")


async def room(request: Request) -> Response:
    return await show_room(request, number(request, "room"))


async def show_room(request: Request, room_id: int, status: int = 200, body: str = "", problem: str = "") -> Response:
    """The room's page; `body` and `problem` are of a message that was refused."""
    kept: NewestPages = request.app.state.newest
    where = place(request) if request.method == "GET" else {}
    actor, view = await guards.read(request, viewed, room_id, where, kept)
    frame = pages.page(request, actor, view.mine, room_id)
    if view.entry.role is None:
        return pages.answer("rooms/guest.html", frame, room=view.entry.room)
    shown = view.known
    if view.page is not None:
        shown = newest.log(room_id, view.page)
        if not where:
            kept.put(room_id, view.entry.room.head, shown)
    response = pages.answer(
        "rooms/page.html",
        frame,
        status,
        entry=view.entry,
        room=view.entry.room,
        log=shown,
        socket=SimpleNamespace(room_id=room_id, since=view.entry.room.head, behind=False),
        draft=draft(actor, view.entry.room, body, problem),
    )
    remember(request, response, room_id)
    return response


def viewed(tx: Transaction, actor: Actor, room_id: int, where: dict[str, int], kept: NewestPages) -> View:
    entry = memberships.enter(tx, actor, room_id)
    mine = memberships.mine(tx, actor)
    if entry.role is None:
        return View(entry, None, None, mine)
    known = kept.get(room_id, entry.room.head) if not where else None
    page = history.page(tx, room_id, where) if known is None else None
    return View(entry, page, known, mine)


def draft(actor: Actor, room: Room, body: str = "", problem: str = "", spare: bool = False) -> Draft:
    """A blank draft, or a refused one, with a fresh key."""
    return Draft(messages.fresh_key(actor.id), body, problem, f"Message {room.name}", spare)


def remember(request: Request, response: Response, room_id: int) -> None:
    held = resources(request)
    if cookies.read(held, request, LAST_ROOM) != str(room_id):
        cookies.put(held, request, response, LAST_ROOM, str(room_id), YEAR)
    cookies.renew_session(held, request, response)


async def live(request: Request) -> Response:
    """A fresh socket element, for a page whose own has fallen silent."""
    room_id = number(request, "room")
    _, entry = await guards.read(request, memberships.require, room_id)
    since = revision(request.query_params.get("since"), entry.room.head)
    socket = SimpleNamespace(room_id=room_id, since=since, behind=False)
    return pages.fragment(render("live/_socket.html", socket=socket))


async def settings(request: Request) -> Response:
    room_id = number(request, "room")
    actor, (entry, mine) = await guards.read(request, managed, room_id)
    form = Form({"name": entry.room.name, "topic": entry.room.topic, "visibility": entry.room.visibility})
    return pages.answer("rooms/settings.html", pages.page(request, actor, mine, room_id), room=entry.room, form=form)


def managed(tx: Transaction, actor: Actor, room_id: int) -> tuple[Entry, list[Room]]:
    return memberships.manage(tx, actor, room_id), memberships.mine(tx, actor)


async def change(request: Request) -> Response:
    room_id = number(request, "room")
    form = await forms.read(request)
    try:
        await guards.write(request, changed, room_id, form)
    except errors.SHOWN_IN_FORM as error:
        form.blame(error)
        actor, (entry, mine) = await guards.read(request, managed, room_id)
        frame = pages.page(request, actor, mine, room_id)
        shown = pages.answer("rooms/settings.html", frame, errors.status_of(error), room=entry.room, form=form)
        return errors.with_wait(shown, error)
    return pages.see(f"/rooms/{room_id}")


def changed(tx: Transaction, actor: Actor, room_id: int, form: Form) -> None:
    """Fields that were not sent stay as they are."""
    room = memberships.manage(tx, actor, room_id).room
    values = form.values
    rooms.change(
        tx,
        actor,
        room_id,
        values.get("name", room.name),
        values.get("topic", room.topic),
        values.get("visibility", room.visibility),
    )


async def join(request: Request) -> Response:
    room_id = number(request, "room")
    await guards.write(request, memberships.join, room_id)
    return pages.see(f"/rooms/{room_id}")


async def ask_to_leave(request: Request) -> Response:
    """The question before a room is left that cannot be joined again."""
    room_id = number(request, "room")
    actor, (entry, last, mine) = await guards.read(request, leaving, room_id)
    return pages.answer("rooms/leave.html", pages.page(request, actor, mine, room_id), room=entry.room, last=last)


def leaving(tx: Transaction, actor: Actor, room_id: int) -> tuple[Entry, bool, list[Room]]:
    return *memberships.leaving(tx, actor, room_id), memberships.mine(tx, actor)


async def leave(request: Request) -> Response:
    await guards.write(request, memberships.leave, number(request, "room"))
    return pages.see("/rooms")
