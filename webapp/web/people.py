"""The card of a person: who they are, in a panel of the page that names them or as a page of its own."""

import re
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from webapp.domain import people
from webapp.domain.accounts import Actor
from webapp.domain.errors import NotFound
from webapp.domain.people import Profile
from webapp.templating import render
from webapp.web import guards, moments, pages
from webapp.web.requests import number, resources, wants_fragment

OPENER = re.compile(r"a#([ahp])([1-9]\d{0,17})")
"""A link to a card, as htmx names it: `a` beside a message, `h` in the list of who is here, `p` on a page of people."""


@dataclass(frozen=True, slots=True)
class Card:
    """What people/_card.html shows. `opener` is the id of the link that gets the focus back, empty for none."""

    id: int
    name: str
    username: str
    role: str
    about: str
    status: str
    until: str
    clock: str
    zone: str
    own: bool
    opener: str


@dataclass(frozen=True, slots=True)
class Link:
    """What people/_link.html shows."""

    id: str
    person_id: int
    name: str
    kind: str


async def card(request: Request) -> Response:
    user_id = number(request, "user")
    if wants_fragment(request):
        actor, found = await guards.read(request, people.find, user_id)
        return pages.fragment(render("people/_card.html", card=card_of(request, actor, found)))
    actor, found, mine = await guards.read_page(request, people.find, user_id)
    layout = pages.layout(request, actor, mine)
    return pages.answer("people/page.html", layout, card=card_of(request, actor, found))


def card_of(request: Request, actor: Actor, found: Profile) -> Card:
    zone = resources(request).community.time_zone
    status = people.status(found, moments.now())
    opener = OPENER.fullmatch(request.headers.get("hx-source", ""))
    return Card(
        id=found.id,
        name=found.name,
        username=found.username,
        role=found.role,
        about=found.about,
        status=status,
        until=moments.until(found, zone) if status else "",
        clock=moments.local_time(found, zone),
        zone=(found.time_zone or zone).replace("_", " "),
        own=found.id == actor.id,
        opener=f"{opener[1]}{opener[2]}" if opener else "",
    )


async def link(request: Request) -> Response:
    """The link that opened a card once more, which takes the focus."""
    _, found = await guards.read(request, people.find, number(request, "user"))
    opener = OPENER.fullmatch(f"a#{request.query_params.get('opener', '')}")
    if opener is None:
        raise NotFound
    kind = "name" if opener[1] == "h" else "author"
    return pages.fragment(render("people/_link.html", link=Link(opener[1] + opener[2], found.id, found.name, kind)))
