"""Direct rooms: whom to write to, and how to get rid of one. The talk itself is that of any room."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import Response

from webapp.domain import direct, people, unread
from webapp.domain.accounts import Actor
from webapp.domain.people import Found
from webapp.domain.transaction import Transaction
from webapp.numbers import LARGEST
from webapp.templating import render
from webapp.web import errors, forms, guards, pages
from webapp.web.forms import Form, filled
from webapp.web.requests import number, resources, session_hash, wants_fragment

LONGEST_TEXT = 80


@dataclass(frozen=True, slots=True)
class Choice:
    """What direct/_found.html shows: people to choose from, those who are chosen first. `full`: there may be more."""

    people: Sequence[Found]
    text: str
    full: bool

    @property
    def told(self) -> str:
        """How many were found, for a screen reader."""
        number = sum(not each.chosen for each in self.people)
        return "Nobody else is called like that." if not number else f"{number} found."


async def page(request: Request) -> Response:
    query = request.query_params
    text = query.get("q", "")[:LONGEST_TEXT].replace("\x00", "")
    chosen = usernames(query)
    if wants_fragment(request):
        _, found = await guards.read(request, people.search, text, chosen)
        return pages.fragment(render("direct/found.html", choice=choice(found, text)))
    return await show(request, filled(q=text), chosen)


async def show(request: Request, form: Form, chosen: Sequence[str]) -> Response:
    """The page, with these people chosen."""
    text = form.values["q"][:LONGEST_TEXT]
    actor, found, mine = await guards.read_page(request, people.search, text, chosen)
    layout = pages.layout(request, actor, mine, here="direct")
    return pages.answer("direct/page.html", layout, form=form, choice=choice(found, text))


def choice(found: Sequence[Found], text: str) -> Choice:
    return Choice(found, text, sum(not each.chosen for each in found) >= people.LISTED)


def usernames(data: FormData | QueryParams) -> list[str]:
    """Those that are chosen; one more than a room takes, so that the rule can say so."""
    named = (each for each in data.getlist("username") if isinstance(each, str))
    names = {name for each in named if (name := each.strip().removeprefix("@").lower()[:64].replace("\x00", ""))}
    return sorted(names)[: direct.MOST_PEOPLE + 1]


async def start(request: Request) -> Response:
    """Go to the room of these people, which is made if there is none."""
    form, chosen = await forms.read(request), usernames(await forms.data(request))
    try:
        actor, room_id = await guards.read_for(request, direct.find, chosen)
        if room_id is None:
            new_rooms = resources(request).new_rooms
            new_rooms.check(session_hash(request))
            actor, room_id = await guards.write(request, direct.make, chosen)
            new_rooms.belongs(actor.session, actor.id)
    except errors.SHOWN_IN_FORM as error:
        return errors.answered(await show(request, form.refused(error), chosen), error)
    return pages.see(f"/rooms/{room_id}")


async def hide(request: Request) -> Response:
    """Out of the list, and read up to here. Raises NotFound."""
    room_id = number(request, "room")
    actor, revision = await guards.write(request, hidden, room_id)
    resources(request).marks.keep(actor.id, room_id, revision)
    return pages.see("/rooms")


def hidden(tx: Transaction, actor: Actor, room_id: int) -> int:
    """The revision up to which it counts as read."""
    direct.hide(tx, actor, room_id)
    return unread.mark(tx, actor, room_id, LARGEST)


async def ask_to_leave(request: Request) -> Response:
    """Asks before a room is left that nobody can come back to. Raises NotFound, Forbidden."""
    room_id = number(request, "room")
    actor, entry, mine = await guards.read_page(request, direct.leaving, room_id)
    layout = pages.layout(request, actor, mine, room_id)
    return pages.answer("direct/leave.html", layout, room=layout.called(entry.room))


async def leave(request: Request) -> Response:
    """Raises NotFound, Forbidden."""
    await guards.write(request, direct.leave, number(request, "room"))
    return pages.see("/rooms")
