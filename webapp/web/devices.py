"""Where somebody is signed in, and the end of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from webapp.domain import devices, people
from webapp.domain.accounts import Actor
from webapp.domain.devices import Device
from webapp.domain.people import Profile
from webapp.domain.transaction import Transaction
from webapp.web import guards, moments, pages, sessions
from webapp.web.requests import resources

DONE: Mapping[str, str] = {
    "one": "That device is signed out.",
    "others": "All other devices are signed out.",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A device in devices/page.html; `seen` is a moment in words."""

    id: str
    name: str
    address: str
    seen: str
    here: bool


async def page(request: Request) -> Response:
    actor, (found, profile), mine = await guards.read_page(request, own)
    zone = profile.time_zone or resources(request).community.time_zone
    rows = [Row(each.id, each.name, each.address, moments.moment(each.seen_at, zone), each.here) for each in found]
    done = DONE.get(request.query_params.get("done", ""), "")
    return pages.answer("devices/page.html", pages.layout(request, actor, mine, here="me"), devices=rows, done=done)


def own(tx: Transaction, actor: Actor) -> tuple[list[Device], Profile]:
    return devices.own(tx, actor), people.find(tx, actor, actor.id)


async def end(request: Request) -> Response:
    _, ended = await guards.write(request, devices.end, request.path_params["device"])
    return pages.see("/me/devices?done=one") if ended else await sessions.logout(request)


async def end_others(request: Request) -> Response:
    await guards.write(request, devices.end_others)
    return pages.see("/me/devices?done=others")
