"""A room's page: its newest messages or a place in its history, and the composer."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from webapp.domain import history, memberships
from webapp.domain.accounts import Actor
from webapp.domain.errors import DomainError, SignedOut
from webapp.domain.history import Page
from webapp.domain.memberships import Entry
from webapp.domain.transaction import Transaction
from webapp.services import cookies
from webapp.templating import Log, NewestLogs, render
from webapp.web import drafts, guards, pages, sessions, unread
from webapp.web.requests import number, place, resources, revision

LAST_ROOM = "last_room"
YEAR = 31_536_000


@dataclass(frozen=True, slots=True)
class View:
    """A room for one person: its `log` if that is kept, else a `page` to render; neither for non-members."""

    entry: Entry
    log: Log | None = None
    page: Page | None = None


@dataclass(frozen=True, slots=True)
class Socket:
    """What live/_socket.html and messages/_rewind.html show.

    `since`: the revision that the page stands at, and `people` that of the community's people. `head`: the room's, when
    a page of its history was read. `behind`: the cursor was set back, because that page may lack what the socket has
    told meanwhile.
    """

    room_id: int
    since: int
    people: int
    head: int = 0
    behind: bool = False


async def home(request: Request) -> Response:
    """To the room where this browser was last, if its person is still a member."""
    if await sessions.is_fresh(request):
        return pages.see("/setup")
    try:
        _, mine = await guards.read(request, memberships.mine)
    except SignedOut:
        return pages.see("/login")
    last = cookies.read(resources(request), request, LAST_ROOM)
    shown = sorted((room for room in mine if room.listed), key=lambda room: room.party is not None)
    there = next((room for room in shown if str(room.id) == last), shown[0] if shown else None)
    return pages.see(f"/rooms/{there.id}" if there else "/rooms")


async def page(request: Request) -> Response:
    return await show(request, number(request, "room"))


async def show(request: Request, room_id: int, body: str = "", refused: DomainError | None = None) -> Response:
    """The room's page; `body` is of a message that was `refused`. Raises SignedOut, NotFound."""
    held = resources(request)
    where = place(request) if request.method == "GET" else {}
    people = held.people.revision  # before the room is read: its names are of then, or later
    actor, view, mine = await guards.read_page(request, read, room_id, where, held.newest, people)
    layout = pages.layout(request, actor, mine, room_id)
    room = layout.called(view.entry.room)
    if view.entry.role is None:
        return pages.answer("rooms/guest.html", layout, room=room)
    log = view.log
    if view.page is not None:
        log = held.rendered.log(room_id, view.page.messages, view.page.older, view.page.newer)
        if not where:
            held.newest.put(room_id, (room.head, people), log)
    response = pages.answer(
        "rooms/page.html",
        layout,
        entry=view.entry,
        room=room,
        log=log and unread.with_line(request, log, actor, layout.room, room.head),
        socket=Socket(room_id, room.head, people),
        draft=drafts.refused_draft(actor, room, body, refused) if refused else drafts.blank(actor, room),
    )
    remember(request, response, room_id)
    return response


def read(tx: Transaction, actor: Actor, room_id: int, where: dict[str, int], newest: NewestLogs, people: int) -> View:
    """Raises NotFound for people who may not enter the room."""
    entry = memberships.enter(tx, actor, room_id)
    if entry.role is None:
        return View(entry)
    log = newest.get(room_id, (entry.room.head, people)) if not where else None
    return View(entry, log, history.page(tx, room_id, where) if log is None else None)


def remember(request: Request, response: Response, room_id: int) -> None:
    """Set the cookie that `home` reads, if it names another room."""
    held = resources(request)
    if cookies.read(held, request, LAST_ROOM) != str(room_id):
        cookies.put(held, request, response, LAST_ROOM, str(room_id), YEAR)
    cookies.renew_session(held, request, response)


async def live(request: Request) -> Response:
    """A new socket element, for a page whose own has fallen silent."""
    room_id = number(request, "room")
    _, entry = await guards.read(request, memberships.require, room_id)
    since = revision(request.query_params.get("since"), entry.room.head)
    people = revision(request.query_params.get("people"), resources(request).people.revision)
    return pages.fragment(render("live/_socket.html", socket=Socket(room_id, since, people)))
