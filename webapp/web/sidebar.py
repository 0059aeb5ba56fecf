"""The entries of rooms that a page's list lacks: a socket has marked there which ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from webapp import numbers
from webapp.domain import memberships
from webapp.domain.memberships import OwnRoom
from webapp.templating import render
from webapp.web import guards, pages
from webapp.web.requests import resources

MOST = 50


@dataclass(frozen=True, slots=True)
class Missing:
    """What sidebar/missing.html shows: `rooms` to add to the list, and the numbers of those that were asked for."""

    rooms: Sequence[OwnRoom]
    asked: Sequence[int]


async def missing(request: Request) -> Response:
    """Those of the rooms `missing` that this person is in."""
    texts = request.query_params.getlist("missing")[:MOST]
    asked = [number for text in texts if (number := numbers.whole(text, 1)) is not None]
    actor, mine = await guards.read(request, memberships.mine)
    held = resources(request)
    wanted = [room for room in mine if room.id in asked]
    rooms = held.marks.applied(actor.id, await held.people.called(wanted, actor.id, held.here))
    return pages.fragment(render("sidebar/missing.html", missing=Missing(rooms, asked)))
