"""Errors become answers here and nowhere else: a page of the site, or a line in the page that htmx is on."""

import logging
from types import SimpleNamespace
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ExceptionHandler

from webapp.domain.errors import (
    AnotherPerson,
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
from webapp.web.refusals import Refused
from webapp.web.requests import by_htmx

log = logging.getLogger("tertulia.web")

STATUS: dict[type[DomainError], int] = {
    NotFound: 404,
    Forbidden: 403,
    SignedOut: 401,
    Invalid: 422,
    Conflict: 409,
    TooMany: 429,
    Busy: 503,
}
TITLES = {
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


SHOWN_IN_FORM = (Invalid, Conflict, TooMany)
"""What is said above a form that is shown again, with all that was typed."""


def status_of(error: DomainError) -> int:
    return STATUS[type(error)] if type(error) in STATUS else STATUS[type(error).__bases__[0]]


def show(request: Request, status: int, text: str, kept: str = "") -> Response:
    """`kept`: what was typed, to be copied from the page; htmx leaves it where it is."""
    if by_htmx(request):
        return pages.fragment(render("errors/_alert.html", error=SimpleNamespace(text=text)), status)
    error = SimpleNamespace(status=status, title=TITLES.get(status, "This did not work"), text=text, kept=kept)
    return pages.answer("errors/page.html", pages.page(request), status, error=error)


async def on_domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)
    if isinstance(error, SignedOut):
        return signed_out(request)
    kept = await forms.written(request) if isinstance(error, AnotherPerson) else ""
    return with_wait(show(request, status_of(error), error.text, kept), error)


def with_wait(response: Response, error: DomainError) -> Response:
    """The same; for who has to slow down it says for how long."""
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def signed_out(request: Request) -> Response:
    """To the login form, and back here afterwards if it is a page that can be asked for again."""
    if by_htmx(request):
        return reasons.answer(reasons.signed_out(), 401)
    if request.method != "GET":
        return pages.see("/login")
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return pages.see("/login" if path == "/" else f"/login?next={quote(path, safe='/')}")


async def on_refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return show(request, error.status, error.text)


async def on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    text = {404: NotFound().text, 405: "This address does not take that kind of request."}.get(
        error.status_code, error.detail
    )
    response = show(request, error.status_code, text)
    response.headers.update(error.headers or {})
    return response


async def on_unavailable(request: Request, error: Exception) -> Response:
    assert isinstance(error, Unavailable)
    when = "a second" if error.retry_after == 1 else f"{error.retry_after} seconds"
    response = show(request, 503, f"The database does not answer just now. Your text is kept: try again in {when}.")
    response.headers["Retry-After"] = str(error.retry_after)
    return response


async def on_gone(request: Request, error: Exception) -> Response:
    """The visitor left before the request was whole; this answer goes nowhere."""
    return Response(status_code=400)


async def on_bug(request: Request, error: Exception) -> Response:
    return show(request, 500, "This is our fault, and it has been noted. Your text is kept: try again in a moment.")


HANDLERS: dict[type[Exception], ExceptionHandler] = {
    DomainError: on_domain_error,
    Refused: on_refused,
    HTTPException: on_http_error,
    Unavailable: on_unavailable,
    ClientDisconnect: on_gone,
    Exception: on_bug,
}
