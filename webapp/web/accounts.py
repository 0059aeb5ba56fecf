"""The doors: first run, sign in and out, sign up by invitation."""

import secrets

from starlette.requests import Request
from starlette.responses import Response

from webapp import numbers
from webapp.domain import accounts, invitations, names, rooms
from webapp.domain.accounts import Browser, Newcomer
from webapp.domain.errors import Busy, DomainError, Invalid, NotFound, SignedOut, TooMany
from webapp.domain.transaction import Transaction
from webapp.services import cookies
from webapp.services.passwords import problem
from webapp.services.signatures import hashed, new_token
from webapp.store.database import Unavailable
from webapp.web import browsers, errors, forms, guards, pages, passwords, reasons
from webapp.web.forms import Form
from webapp.web.requests import address, device, network, resources, session_hash

FIRST_ROOM = ("General", "Whatever does not fit elsewhere")


async def setup_page(request: Request) -> Response:
    if not await is_fresh(request):
        return pages.see("/login")
    form = Form({"token": request.query_params.get("token", ""), "time_zone": "UTC"})
    return pages.answer("accounts/setup.html", pages.page(request), form=form)


async def set_up(request: Request) -> Response:
    """The first run: the admin, signed in, and the first room."""
    form = await forms.read(request)
    try:
        await check_token(request, form.values["token"])
        zone = names.time_zone(form.values["time_zone"])
        names.line(form.values["community"], "community", "The community's name", 80)
        admin = await newcomer(request, form)
        user_id = await resources(request).work.write(first_run, form.values["community"], zone, admin)
    except DomainError as error:
        return shown_again(request, "accounts/setup.html", form, error)
    await resources(request).refresh()
    return await signed_in(request, user_id, admin.password_hash)


def first_run(tx: Transaction, community: str, time_zone: str, admin: Newcomer) -> int:
    user_id = accounts.set_up(tx, community, time_zone, admin)
    rooms.create(tx, user_id, *FIRST_ROOM, "open")
    return user_id


async def check_token(request: Request, token: str) -> None:
    held = resources(request)
    attempt = await held.throttle.guess(network(request))
    if attempt is None:
        raise TooMany("Too many wrong tokens: wait three minutes.", held.settings.limits.logins_seconds)
    async with held.throttle.tried(attempt, wrong=Invalid):
        if not secrets.compare_digest(token.strip().encode(), held.setup_token.encode()):
            raise Invalid(token="This is not the token in the server's log.")


async def is_fresh(request: Request) -> bool:
    """Whether nobody has set this instance up; another process may have, since we last looked."""
    held = resources(request)
    if held.fresh:
        await held.refresh()
    return held.fresh


async def login_page(request: Request) -> Response:
    if await is_fresh(request):
        return pages.see("/setup")
    form = Form({"next": local_path(request.query_params.get("next", ""))})
    return pages.answer("accounts/login.html", pages.page(request), form=form, reason=reasons.told(request))


async def login(request: Request) -> Response:
    form = await forms.read(request)
    try:
        person = await passwords.check(request, form.values["username"], form.values["password"])
    except DomainError as error:
        return shown_again(request, "accounts/login.html", form, error)
    return await signed_in(request, *person, form.values["next"])


async def logout(request: Request) -> Response:
    session = session_hash(request)
    if session:
        await resources(request).work.write(accounts.end_session, session)
    response = pages.see("/login")
    cookies.end_session(resources(request), request, response)
    return response


async def join_page(request: Request) -> Response:
    await invited(request)
    return pages.answer("accounts/join.html", pages.page(request), form=Form())


async def join(request: Request) -> Response:
    invitation = await invited(request)
    form = await forms.read(request)
    try:
        person = await newcomer(request, form)
        user_id, room_id = await resources(request).work.write(welcomed, invitation, person)
    except (Invalid, Busy) as error:
        return shown_again(request, "accounts/join.html", form, error)
    path = "/rooms" if room_id is None else f"/rooms/{room_id}"
    return await signed_in(request, user_id, person.password_hash, path)


def welcomed(tx: Transaction, invitation_id: int, person: Newcomer) -> tuple[int, int | None]:
    """(the newcomer's id, the room that they begin in)."""
    user_id = accounts.sign_up(tx, invitation_id, person)
    return user_id, rooms.welcome(tx, user_id)


async def invited(request: Request) -> int:
    """The invitation in the link. Raises NotFound; guessing is slowed down."""
    held = resources(request)
    attempt = await held.throttle.guess(network(request))
    if attempt is None:
        raise TooMany("Too many wrong invitations: wait three minutes.", held.settings.limits.logins_seconds)
    code = held.signatures.invitation_id(request.path_params["code"])
    async with held.throttle.tried(attempt, wrong=NotFound):
        return await held.work.read(invitations.check, code)


async def session(request: Request) -> Response:
    """What a page asks when its socket was closed for good: 204 to go on, or where to go instead.

    Without the database nobody knows: then nothing of the page is changed.
    """
    try:
        return await where_to_go(request)
    except Unavailable as error:
        return pages.fragment("", 503, Retry_After=str(error.retry_after))


async def where_to_go(request: Request) -> Response:
    room, by_page = request.query_params.get("room"), "page" in request.query_params
    try:
        actor = await guards.signed_in(request)
    except SignedOut:
        back = numbers.whole(room) if room is not None else None
        ended = reasons.signed_out(f"/rooms/{back}" if back is not None else "")
        return reasons.answer(ended, 401) if by_page else pages.fragment("", 401, HX_Redirect="/login")
    if room is not None and not await guards.is_member(request, actor, numbers.whole(room)):
        return reasons.answer(reasons.removed(), 404) if by_page else pages.fragment("", 404, HX_Redirect="/rooms")
    return Response(status_code=204)


async def signed_in(request: Request, user_id: int, password_hash: str, path: str = "/") -> Response:
    """A new session, whatever the browser came with, and on to the page."""
    held = resources(request)
    token = new_token()
    browser = Browser(hashed(token), address(request), device(request))
    await held.work.write(accounts.start_session, user_id, browser, session_hash(request))
    response = pages.see(local_path(path))
    cookies.set_session(held, request, response, token)
    browsers.remember(request, response, user_id, password_hash)
    return response


async def newcomer(request: Request, form: Form) -> Newcomer:
    """Who signs up. Raises Invalid with all that is wrong, before the password is hashed."""
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


def shown_again(request: Request, template: str, form: Form, error: DomainError) -> Response:
    """The form with what was typed and what is wrong; never the password."""
    form.blame(error)
    return errors.with_wait(
        pages.answer(template, pages.page(request), errors.status_of(error), form=form, reason=""), error
    )


def local_path(path: str) -> str:
    """A path on this site, else /."""
    plain = path.isprintable() and "\\" not in path
    return path if plain and path.startswith("/") and not path.startswith("//") else "/"
