"""Turns errors into answers: a page of the site, a line in the page that htmx is on, or the form once more."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ExceptionHandler

from webapp.domain.errors import (
    AnotherPerson,
    Blocked,
    Busy,
    Conflict,
    DomainError,
    Forbidden,
    Invalid,
    NotFound,
    SignedOut,
    TooMany,
)
from webapp.store.database import Unavailable
from webapp.templating import render
from webapp.web import forms, pages, reasons
from webapp.web.forms import Form
from webapp.web.refusals import Refused
from webapp.web.requests import by_htmx

STATUS: Mapping[type[Exception], int] = {
    NotFound: 404,
    Forbidden: 403,
    SignedOut: 401,
    Invalid: 422,
    Conflict: 409,
    TooMany: 429,
    Busy: 503,
    Unavailable: 503,
}
TITLES: Mapping[int, str] = {
    400: "This cannot be answered",
    401: "You are signed out",
    403: "This is not yours to do",
    404: "Nothing here",
    405: "This cannot be done here",
    409: "Somebody was first",
    413: "Too large",
    422: "Something does not fit",
    429: "A little slower, please",
    500: "Something broke",
    503: "Just a moment",
}

SHOWN_IN_FORM = (Invalid, Conflict, TooMany, Blocked)
"""Errors that a form is shown again for, with all that was typed."""

Show = Callable[[Request, Form], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Problem:
    """What errors/page.html and errors/_alert.html show. `kept`: what was typed, to be copied."""

    status: int
    title: str
    text: str
    kept: str = ""


def status_of(error: Exception) -> int:
    """The status of the error's class, or of the nearest class above it that has one."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def answered(response: Response, error: DomainError | Unavailable) -> Response:
    """The response with the error's status, and with Retry-After when the error says how long to wait."""
    response.status_code = status_of(error)
    if isinstance(error, TooMany | Unavailable):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


async def show_again(request: Request, form: Form, error: DomainError, show: Show) -> Response:
    """The form's page, which `show` makes, with what was typed and what is wrong with it."""
    return answered(await show(request, form.refused(error)), error)


def told(request: Request, status: int, text: str, kept: str = "") -> Response:
    """The error's page; to htmx an alert, which leaves the page and all that is typed in it as it is."""
    problem = Problem(status, TITLES.get(status, "This did not work"), text, kept)
    if by_htmx(request):
        return pages.fragment(render("errors/_alert.html", error=problem), status)
    return pages.answer("errors/page.html", pages.layout(request), status, error=problem)


async def on_domain_error(request: Request, error: Exception) -> Response:
    """By its status, to the login form, or with what was typed in a form of somebody else."""
    assert isinstance(error, DomainError)
    if isinstance(error, SignedOut):
        return signed_out(request)
    kept = await forms.written(request) if isinstance(error, AnotherPerson) else ""
    return answered(told(request, status_of(error), error.text, kept), error)


def signed_out(request: Request) -> Response:
    """To the login form, and back here afterwards if this is a page that can be asked for again."""
    if by_htmx(request):
        return reasons.answer(reasons.signed_out(), 401)
    if request.method != "GET":
        return pages.see("/login")
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return pages.see("/login" if path == "/" else f"/login?next={quote(path, safe='/')}")


async def on_refused(request: Request, error: Exception) -> Response:
    """What the middleware refused."""
    assert isinstance(error, Refused)
    return told(request, error.status, error.text)


async def on_http_error(request: Request, error: Exception) -> Response:
    """Starlette's own errors, such as an unknown URL."""
    assert isinstance(error, HTTPException)
    texts = {404: NotFound().text, 405: "This address does not take that kind of request."}
    response = told(request, error.status_code, texts.get(error.status_code, error.detail))
    response.headers.update(error.headers or {})
    return response


async def on_unavailable(request: Request, error: Exception) -> Response:
    """The database is away."""
    assert isinstance(error, Unavailable)
    when = "a second" if error.retry_after == 1 else f"{error.retry_after} seconds"
    text = f"The database does not answer just now. Your text is kept: try again in {when}."
    return answered(told(request, 503, text), error)


async def on_gone(request: Request, error: Exception) -> Response:
    """The client left before its request was complete; nobody receives this answer."""
    return Response(status_code=400)


async def on_bug(request: Request, error: Exception) -> Response:
    """Any other exception; the server logs it."""
    text = "This is our fault, and it has been noted. Your text is kept: try again in a moment."
    return told(request, 500, text)


HANDLERS: Mapping[type[Exception], ExceptionHandler] = {
    DomainError: on_domain_error,
    Refused: on_refused,
    HTTPException: on_http_error,
    Unavailable: on_unavailable,
    ClientDisconnect: on_gone,
    Exception: on_bug,
}
