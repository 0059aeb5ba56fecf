"""The card of a person: who they are, in a panel of the page that names them or as a page of its own."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from webapp.domain import blocks, people
from webapp.domain.accounts import Actor
from webapp.domain.errors import NotFound
from webapp.domain.people import Profile
from webapp.domain.transaction import Transaction
from webapp.templating import render
from webapp.web import forms, guards, moments, pages
from webapp.web.requests import number, resources, wants_fragment

OPENER = re.compile(r"a#([ahpt])([1-9]\d{0,17})")
"""A link to a card, as htmx names it: `a` beside a message, `h` in the list of who is here, `p` on a page of people,
`t` in the heading of a direct room."""


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
    actor_id: int
    blocked: bool


@dataclass(frozen=True, slots=True)
class Link:
    """What people/_link.html shows."""

    id: str
    person_id: int
    name: str
    kind: str


async def card(request: Request) -> Response:
    user_id = number(request, "user")
    opener = OPENER.fullmatch(request.headers.get("hx-source", ""))
    if wants_fragment(request):
        return await part(request, user_id, f"{opener[1]}{opener[2]}" if opener else "")
    actor, seen, mine = await guards.read_page(request, see, user_id)
    layout = pages.layout(request, actor, mine)
    return pages.answer("people/page.html", layout, card=card_of(request, actor, seen, ""))


async def part(request: Request, user_id: int, opener: str) -> Response:
    """The card for the panel of a page."""
    actor, seen = await guards.read(request, see, user_id)
    return pages.fragment(render("people/_card.html", card=card_of(request, actor, seen, opener)))


def see(tx: Transaction, actor: Actor, user_id: int) -> tuple[Profile, bool]:
    """(the person, whether the actor has blocked them). Raises NotFound."""
    return people.find(tx, actor, user_id), blocks.has(tx, actor, user_id)


def card_of(request: Request, actor: Actor, seen: tuple[Profile, bool], opener: str) -> Card:
    found, blocked = seen
    zone = resources(request).community.time_zone
    status = people.status(found, moments.now())
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
        opener=opener,
        actor_id=actor.id,
        blocked=blocked,
    )


async def block(request: Request) -> Response:
    """Raises NotFound, Invalid."""
    return await changed(request, blocks.block)


async def unblock(request: Request) -> Response:
    return await changed(request, blocks.unblock)


async def changed(request: Request, rule: Callable[[Transaction, Actor, int], None]) -> Response:
    """The card as it is after that; without htmx the page that the form was on."""
    user_id = number(request, "user")
    data = await forms.data(request) if forms.kind_of(request) in forms.KINDS else {}
    await guards.write(request, rule, user_id)
    if wants_fragment(request):
        opener = OPENER.fullmatch(f"a#{data.get('opener', '')}")
        return await part(request, user_id, opener[0].removeprefix("a#") if opener else "")
    return pages.see("/me#blocked" if data.get("back") == "me" else f"/people/{user_id}")


async def link(request: Request) -> Response:
    """The link that opened a card once more, which takes the focus."""
    _, found = await guards.read(request, people.find, number(request, "user"))
    opener = OPENER.fullmatch(f"a#{request.query_params.get('opener', '')}")
    if opener is None:
        raise NotFound
    kind = "name" if opener[1] in "ht" else "author"
    return pages.fragment(render("people/_link.html", link=Link(opener[1] + opener[2], found.id, found.name, kind)))
