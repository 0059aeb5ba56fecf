"""The first run: somebody who can read the server's log makes the community, its admin and its first room."""

import secrets

from starlette.requests import Request
from starlette.responses import Response

from webapp.domain import accounts, names, rooms
from webapp.domain.accounts import Newcomer
from webapp.domain.errors import Invalid, TooMany
from webapp.domain.transaction import Transaction
from webapp.web import errors, forms, join, pages, sessions
from webapp.web.forms import Form
from webapp.web.requests import network, resources

FIRST_ROOM = ("General", "Whatever does not fit elsewhere")


async def page(request: Request) -> Response:
    if not await sessions.is_fresh(request):
        return pages.see("/login")
    return await show(request, forms.filled(token=request.query_params.get("token", ""), time_zone="UTC"))


async def show(request: Request, form: Form) -> Response:
    return pages.answer("setup/page.html", pages.layout(request), form=form)


async def set_up(request: Request) -> Response:
    """Make the community and sign its admin in."""
    form = await forms.read(request)
    values = form.values
    try:
        await check_token(request, values["token"])
        zone = names.time_zone(values["time_zone"])
        names.line(values["community"], "community", "The community's name", 80)
        admin = await join.newcomer(request, form)
        user_id = await resources(request).work.write(first_run, values["community"], zone, admin)
    except errors.SHOWN_IN_FORM as error:
        return await errors.show_again(request, form, error, show)
    await resources(request).refresh()
    return await sessions.start(request, user_id, admin.password_hash)


def first_run(tx: Transaction, community: str, time_zone: str, admin: Newcomer) -> int:
    """The admin's id. Raises Conflict when the community exists already, Invalid."""
    user_id = accounts.set_up(tx, community, time_zone, admin)
    rooms.create(tx, user_id, *FIRST_ROOM, "open")
    return user_id


async def check_token(request: Request, token: str) -> None:
    """Raises Invalid for a wrong token, TooMany after too many of them."""
    held = resources(request)
    attempt = await held.throttle.guess(network(request))
    if attempt is None:
        raise TooMany("Too many wrong tokens: wait three minutes.", held.settings.limits.logins_seconds)
    async with held.throttle.tried(attempt, wrong=Invalid):
        if not secrets.compare_digest(token.strip().encode(), held.setup_token.encode()):
            raise Invalid(token="This is not the token in the server's log.")
