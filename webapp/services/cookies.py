"""Our cookies: read alike by pages and sockets, set and deleted by pages.

By https their names begin with `__Host-`, which browsers take from this host alone: no sibling domain can set one.
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
    """Whether the browser has come by https."""
    return resources.settings.secure or origins.by_tls(connection.scope["scheme"])


def named(resources: Resources, connection: HTTPConnection, name: str) -> str:
    return f"__Host-{name}" if secure(resources, connection) else name


def values(connection: HTTPConnection, name: str) -> list[str]:
    """The cookies of exactly this name in the order of the headers, whatever other programs' cookies look like."""
    found = []
    for header in connection.headers.getlist("cookie"):
        if name in header:  # most of the time there is nothing more to do
            pairs = (pair.partition("=") for pair in header.split(";"))
            found += [value.strip() for key, _, value in pairs if key.strip() == name]
    return found[:MOST_OF_ONE_NAME]


def read(resources: Resources, connection: HTTPConnection, name: str) -> str:
    """Empty when there is none."""
    return next(iter(values(connection, named(resources, connection, name))), "")


def session_hash(resources: Resources, connection: HTTPConnection) -> str | None:
    """The session of the first cookie with a signature of ours.

    By https a plain `session` counts only beside no valid `__Host-session`, and only with the signature that is given
    by http: so who had signed in before the address became an https one, or under an older release, still is.
    """
    signatures = resources.signatures
    if secure(resources, connection):
        found = first(signatures.secure_session_hash, values(connection, f"__Host-{SESSION}"))
        if found is not None:
            return found
    return first(signatures.session_hash, values(connection, SESSION))


def first(known: Callable[[str], str | None], cookies: Iterable[str]) -> str | None:
    return next((found for found in map(known, cookies) if found is not None), None)


def set_session(resources: Resources, connection: HTTPConnection, response: Response, token: str) -> None:
    """Sign in with this token, by the name and signature that the browser's way here asks for."""
    by_https = secure(resources, connection)
    put(resources, connection, response, SESSION, resources.signatures.session_cookie(token, by_https), SESSION_SECONDS)
    if by_https and values(connection, SESSION):
        response.delete_cookie(SESSION)


def renew_session(resources: Resources, connection: HTTPConnection, response: Response) -> None:
    """Give a session that came by a plain cookie its name for https."""
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
    """Delete the session's cookie under each name that is read."""
    for name in {SESSION, named(resources, connection, SESSION)}:
        response.delete_cookie(name, secure=name != SESSION, httponly=True, samesite="lax")


def put(
    resources: Resources, connection: HTTPConnection, response: Response, name: str, value: str, seconds: int
) -> None:
    response.set_cookie(
        named(resources, connection, name),
        value,
        max_age=seconds,
        path="/",
        secure=secure(resources, connection),
        httponly=True,
        samesite="lax",
    )
