"""The community's name and time zone, which admins change."""

from starlette.requests import Request
from starlette.responses import Response

from webapp.domain import community, invitations
from webapp.domain.accounts import Actor
from webapp.domain.transaction import Transaction
from webapp.web import errors, forms, guards, pages
from webapp.web.forms import Form
from webapp.web.requests import resources


async def page(request: Request) -> Response:
    held = resources(request).community
    return await show(request, forms.filled(community=held.name, time_zone=held.time_zone))


async def show(request: Request, form: Form) -> Response:
    """The form, for admins. Raises Forbidden."""
    actor, _, mine = await guards.read_page(request, administered)
    return pages.answer("community/settings.html", pages.layout(request, actor, mine, here="settings"), form=form)


def administered(_tx: Transaction, actor: Actor) -> None:
    """Raises Forbidden."""
    invitations.require_admin(actor)


async def change(request: Request) -> Response:
    """Change both. Raises Forbidden for others than admins."""
    form = await forms.read(request)
    try:
        await guards.write(request, community.change, form.values["community"], form.values["time_zone"])
    except errors.SHOWN_IN_FORM as error:
        return await errors.show_again(request, form, error, show)
    await resources(request).refresh()
    return pages.see("/admin/settings")
