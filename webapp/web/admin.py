"""For admins: invitations, and what the community is called."""

from types import SimpleNamespace

from starlette.requests import Request
from starlette.responses import Response

from webapp import numbers
from webapp.domain import community, invitations, memberships
from webapp.domain.accounts import Actor
from webapp.domain.invitations import Shown
from webapp.domain.memberships import Room
from webapp.domain.transaction import Transaction
from webapp.services import origins
from webapp.templating import day
from webapp.web import errors, forms, guards, pages
from webapp.web.forms import Form
from webapp.web.requests import number, resources

LAST_DAY = 253_370_764_800_000_000
"""The year 9999, the last that a date can be written in."""


async def invitation_list(request: Request) -> Response:
    return await show_invitations(request, Form({"uses": "1", "days": "7"}), 200)


async def show_invitations(request: Request, form: Form, status: int) -> Response:
    actor, (found, mine) = await guards.read(request, listed)
    offset = community.utc_offset(resources(request).community.time_zone, 0)
    shown = [
        SimpleNamespace(
            id=each.invitation.id,
            link=f"{base_url(request)}/join/{resources(request).signatures.invitation_code(each.invitation.id)}",
            uses=each.invitation.uses_left,
            ends=day(min(each.invitation.expires_at, LAST_DAY), offset),
            state=each.state,
        )
        for each in found
    ]
    frame = pages.page(request, actor, mine, here="invitations")
    local = origins.hostname(request.headers["host"]) in origins.LOOPBACK
    return pages.answer("admin/invitations.html", frame, status, invitations=shown, form=form, local=local)


def listed(tx: Transaction, actor: Actor) -> tuple[list[Shown], list[Room]]:
    return invitations.newest(tx, actor), memberships.mine(tx, actor)


def base_url(request: Request) -> str:
    return resources(request).settings.public_url or f"{request.url.scheme}://{request.headers['host']}"


async def invite(request: Request) -> Response:
    form = await forms.read(request)
    try:
        uses, days = numbers.whole(form.values["uses"] or "1"), numbers.whole(form.values["days"] or "7")
        await guards.write(request, invitations.make, uses, days)
    except errors.SHOWN_IN_FORM as error:
        form.blame(error)
        return errors.with_wait(await show_invitations(request, form, errors.status_of(error)), error)
    return pages.see("/admin/invitations")


async def revoke(request: Request) -> Response:
    await guards.write(request, invitations.revoke, number(request, "invitation"))
    return pages.see("/admin/invitations")


async def settings(request: Request) -> Response:
    held = resources(request).community
    return await show_settings(request, Form({"community": held.name, "time_zone": held.time_zone}), 200)


async def show_settings(request: Request, form: Form, status: int) -> Response:
    actor, mine = await guards.read(request, administered)
    return pages.answer("admin/settings.html", pages.page(request, actor, mine, here="settings"), status, form=form)


def administered(tx: Transaction, actor: Actor) -> list[Room]:
    invitations.require_admin(actor)
    return memberships.mine(tx, actor)


async def change_settings(request: Request) -> Response:
    form = await forms.read(request)
    try:
        await guards.write(request, community.change, form.values["community"], form.values["time_zone"])
    except errors.SHOWN_IN_FORM as error:
        form.blame(error)
        return errors.with_wait(await show_settings(request, form, errors.status_of(error)), error)
    await resources(request).refresh()
    return pages.see("/admin/settings")
