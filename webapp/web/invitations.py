"""The invitation links of a community, which admins make and revoke."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from webapp import numbers
from webapp.domain import community, invitations
from webapp.domain.invitations import Shown
from webapp.services import origins
from webapp.templating import day
from webapp.web import errors, forms, guards, pages
from webapp.web.forms import Form
from webapp.web.requests import number, resources

LAST_DAY = 253_370_764_800_000_000
"""The year 9999, the last that a date can be written in."""


@dataclass(frozen=True, slots=True)
class Row:
    """An invitation in invitations/page.html. `uses` are those left; `state` is open, used up, over or revoked."""

    id: int
    link: str
    uses: int
    ends: str
    state: str


async def page(request: Request) -> Response:
    return await show(request, forms.filled(uses="1", days="7"))


async def show(request: Request, form: Form) -> Response:
    """The list, with the form for a new one. Raises Forbidden for others than admins."""
    actor, found, mine = await guards.read_page(request, invitations.newest)
    rows = [row(request, each) for each in found]
    layout = pages.layout(request, actor, mine, here="invitations")
    local = origins.hostname(request.headers["host"]) in origins.LOOPBACK
    return pages.answer("invitations/page.html", layout, invitations=rows, form=form, local=local)


def row(request: Request, shown: Shown) -> Row:
    """The invitation with its link."""
    held, invitation = resources(request), shown.invitation
    offset = community.utc_offset(held.community.time_zone, 0)
    link = f"{base_url(request)}/join/{held.signatures.invitation_code(invitation.id)}"
    return Row(
        invitation.id, link, invitation.uses_left, day(min(invitation.expires_at, LAST_DAY), offset), shown.state
    )


def base_url(request: Request) -> str:
    """Where invited people reach this server."""
    return resources(request).settings.public_url or f"{request.url.scheme}://{request.headers['host']}"


async def make(request: Request) -> Response:
    """Make an invitation. Raises Forbidden."""
    form = await forms.read(request)
    try:
        uses, days = numbers.whole(form.values["uses"] or "1"), numbers.whole(form.values["days"] or "7")
        await guards.write(request, invitations.make, uses, days)
    except errors.SHOWN_IN_FORM as error:
        return await errors.show_again(request, form, error, show)
    return pages.see("/admin/invitations")


async def revoke(request: Request) -> Response:
    """Raises Forbidden, NotFound."""
    await guards.write(request, invitations.revoke, number(request, "invitation"))
    return pages.see("/admin/invitations")
