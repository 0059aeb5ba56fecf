"""Reads, sets and deletes our cookies, for pages and sockets.

Over https their names begin with `__Host-`: browsers take such a cookie from this host alone, from no sibling domain.
"""

from collections.abc import Callable, Iterable

from starlette.requests import HTTPConnection
from starlette.responses import Response

from webapp.domain import accounts
from webapp.services import origins
from webapp.services.resources import Resources

SESSION = "session"
SESSION_SECONDS = accounts.ABSOLUTE // 1_000_000
MOST_OF_ONE_NAME = 8


def secure(resources: Resources, connection: HTTPConnection) -> bool:
    """Whether the browser reached us over https."""
    return resources.settings.secure or origins.by_tls(connection.scope["scheme"])


def named(resources: Resources, connection: HTTPConnection, name: str) -> str:
    """The cookie's name for http or for https."""
    return f"__Host-{name}" if secure(resources, connection) else name


def values(connection: HTTPConnection, name: str) -> list[str]:
    """The cookies of exactly this name, in the order of the headers.

    Starlette's `connection.cookies` has one of each name, and a sibling domain may set another one with ours.
    """
    found = []
    for header in connection.headers.getlist("cookie"):
        if name in header:  # else there is no need to parse it
            pairs = (pair.partition("=") for pair in header.split(";"))
            found += [value.strip() for key, _, value in pairs if key.strip() == name]
    return found[:MOST_OF_ONE_NAME]


def read(resources: Resources, connection: HTTPConnection, name: str) -> str:
    """The cookie's value; empty when there is none."""
    return next(iter(values(connection, named(resources, connection, name))), "")


def session_hash(resources: Resources, connection: HTTPConnection) -> str | None:
    """The stored hash of the session, from the first cookie with a signature of ours; None when there is none.

    Over https a plain `session` counts only without a valid `__Host-session`, and only with the signature that is given
    over http: who signed in before the address became an https one, or with an older release, stays signed in.
    """
    signatures = resources.signatures
    if secure(resources, connection):
        found = first(signatures.secure_session_hash, values(connection, f"__Host-{SESSION}"))
        if found is not None:
            return found
    return first(signatures.session_hash, values(connection, SESSION))


def first(known: Callable[[str], str | None], cookies: Iterable[str]) -> str | None:
    """The first result that is not None."""
    return next((found for found in map(known, cookies) if found is not None), None)


def set_session(resources: Resources, connection: HTTPConnection, response: Response, token: str) -> None:
    """Set the session's cookie, with the name and signature for http or for https."""
    by_https = secure(resources, connection)
    put(resources, connection, response, SESSION, resources.signatures.session_cookie(token, by_https), SESSION_SECONDS)
    if by_https and values(connection, SESSION):
        response.delete_cookie(SESSION)


def renew_session(resources: Resources, connection: HTTPConnection, response: Response) -> None:
    """Over https, replace a plain session cookie by one with the name for https."""
    if not secure(resources, connection):
        return
    plain, signatures = values(connection, SESSION), resources.signatures
    if not plain:
        return
    if first(signatures.secure_session_hash, values(connection, f"__Host-{SESSION}")) is None:
        token = first(signatures.session_token, plain)
        if token is not None:
            set_session(resources, connection, response, token)


def end_session(resources: Resources, connection: HTTPConnection, response: Response) -> None:
    """Delete the session's cookie, under each name that is read."""
    for name in {SESSION, named(resources, connection, SESSION)}:
        response.delete_cookie(name, secure=name != SESSION, httponly=True, samesite="lax")


def put(
    resources: Resources, connection: HTTPConnection, response: Response, name: str, value: str, seconds: int
) -> None:
    """Set a cookie that scripts cannot read and that other sites' requests do not carry."""
    response.set_cookie(
        named(resources, connection, name),
        value,
        max_age=seconds,
        path="/",
        secure=secure(resources, connection),
        httponly=True,
        samesite="lax",
    )
