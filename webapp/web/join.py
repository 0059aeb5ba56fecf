"""Signs people up: whoever has an invitation link makes an account."""

from starlette.requests import Request
from starlette.responses import Response

from webapp.domain import accounts, invitations, names, rooms
from webapp.domain.accounts import Newcomer
from webapp.domain.errors import Invalid
from webapp.domain.transaction import Transaction
from webapp.services.passwords import problem
from webapp.web import errors, forms, guards, pages, passwords, sessions
from webapp.web.forms import Form
from webapp.web.requests import resources


async def page(request: Request) -> Response:
    await invited(request)
    return await show(request, Form())


async def show(request: Request, form: Form) -> Response:
    return pages.answer("join/page.html", pages.layout(request), form=form)


async def join(request: Request) -> Response:
    """Make the account and sign in, in the room where newcomers begin."""
    invitation = await invited(request)
    form = await forms.read(request)
    try:
        person = await newcomer(request, form)
        user_id, room_id = await resources(request).work.write(welcomed, invitation, person)
    except errors.SHOWN_IN_FORM as error:
        return await errors.show_again(request, form, error, show)
    path = "/rooms" if room_id is None else f"/rooms/{room_id}"
    return await sessions.start(request, user_id, person.password_hash, path)


def welcomed(tx: Transaction, invitation_id: int, person: Newcomer) -> tuple[int, int | None]:
    """(the newcomer's id, the room that they begin in). Raises NotFound, Invalid."""
    user_id = accounts.sign_up(tx, invitation_id, person)
    return user_id, rooms.welcome(tx, user_id)


async def invited(request: Request) -> int:
    """The id of the link's invitation. Raises NotFound for a wrong one, TooMany after too many of them."""
    return await guards.by_code(request, "invitations", resources(request).signatures.invitation_id, invitations.check)


async def newcomer(request: Request, form: Form) -> Newcomer:
    """Who signs up with this form. Raises Invalid with all that is wrong, before the password is hashed, and Busy."""
    wrong: dict[str, str] = {}
    named: dict[str, str] = {}
    for field, check in (("username", names.username), ("display_name", names.display_name)):
        try:
            named[field] = check(form.values[field])
        except Invalid as error:
            wrong |= error.fields
    if why := problem(form.values["password"]):
        wrong["password"] = why
    if wrong:
        raise Invalid(**wrong)
    password_hash = await passwords.hashed(request, named["username"], form.values["password"])
    return Newcomer(**named, password_hash=password_hash)
