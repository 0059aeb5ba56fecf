"""Signs people in and out, and tells an open page whether its person may stay on it."""

from starlette.requests import Request
from starlette.responses import Response

from webapp import numbers
from webapp.domain import accounts, memberships
from webapp.domain.accounts import Actor, Browser
from webapp.domain.errors import NotFound, SignedOut
from webapp.domain.transaction import Transaction
from webapp.services import cookies
from webapp.services.signatures import hashed, new_token
from webapp.store.database import Unavailable
from webapp.web import browsers, errors, forms, guards, pages, passwords, reasons
from webapp.web.forms import Form
from webapp.web.requests import address, device, resources, session_hash, whole


async def is_fresh(request: Request) -> bool:
    """Whether nobody has set this community up, also in another process. Raises Unavailable."""
    held = resources(request)
    if held.fresh:
        await held.refresh()
    return held.fresh


async def login_page(request: Request) -> Response:
    if await is_fresh(request):
        return pages.see("/setup")
    return await show(request, forms.filled(next=local_path(request.query_params.get("next", ""))))


async def show(request: Request, form: Form) -> Response:
    reason = reasons.told(request) if request.method == "GET" else ""
    return pages.answer("sessions/login.html", pages.layout(request), form=form, reason=reason)


async def login(request: Request) -> Response:
    """Check the password and start a session."""
    form = await forms.read(request)
    try:
        person = await passwords.check(request, form.values["username"], form.values["password"])
    except (SignedOut, *errors.SHOWN_IN_FORM) as error:
        return await errors.show_again(request, form, error, show)
    return await start(request, *person, form.values["next"])


async def start(request: Request, user_id: int, password_hash: str, path: str = "/") -> Response:
    """Start a new session, whatever the browser came with, and go on to `path`. Raises Unavailable."""
    held = resources(request)
    token = new_token()
    browser = Browser(hashed(token), address(request), device(request))
    await held.work.write(accounts.start_session, user_id, browser, session_hash(request))
    response = pages.see(local_path(path))
    cookies.set_session(held, request, response, token)
    browsers.remember(request, response, user_id, password_hash)
    return response


def local_path(path: str) -> str:
    """A path on this site, else /."""
    plain = path.isprintable() and "\\" not in path
    return path if plain and path.startswith("/") and not path.startswith("//") else "/"


async def logout(request: Request) -> Response:
    """End the session and delete its cookie. Raises Unavailable."""
    session = session_hash(request)
    if session:
        await resources(request).work.write(accounts.end_session, session)
    response = pages.see("/login")
    cookies.end_session(resources(request), request, response)
    return response


async def watch(request: Request) -> Response:
    """A page asks this when its socket was closed for good: 204 to stay, or where to go instead.

    503 without the database, which changes nothing of the page.
    """
    try:
        return await where_to_go(request)
    except Unavailable as error:
        return errors.answered(pages.fragment(""), error)


async def where_to_go(request: Request) -> Response:
    """204 when the person may stay. Raises Unavailable."""
    room, by_page = request.query_params.get("room"), "page" in request.query_params
    try:
        await guards.read(request, may_stay, room)
    except SignedOut:
        back = numbers.whole(room)
        ended = reasons.signed_out(f"/rooms/{back}" if back is not None else "")
        return reasons.answer(ended, 401) if by_page else pages.fragment("", 401, HX_Redirect="/login")
    except NotFound:
        return reasons.answer(reasons.removed(), 404) if by_page else pages.fragment("", 404, HX_Redirect="/rooms")
    return Response(status_code=204)


def may_stay(tx: Transaction, actor: Actor, room: str | None) -> None:
    """`room`: the id of the page's room, None on a page without one. Raises NotFound for non-members."""
    if room is not None:
        memberships.require(tx, actor, whole(room, NotFound()))
