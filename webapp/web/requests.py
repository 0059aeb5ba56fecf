"""Reads what endpoints need from a request: address, session, numbers in paths, queries and forms."""

from starlette.requests import Request

from webapp import addresses, numbers
from webapp.domain.errors import DomainError, Invalid, NotFound
from webapp.services import cookies
from webapp.services.resources import Resources

LONGEST_DEVICE = 200


def resources(request: Request) -> Resources:
    """What this process holds open."""
    return request.app.state.resources  # type: ignore[no-any-return]


def address(request: Request) -> str:
    """The visitor's address, as forwarded.py found it."""
    return request.client.host if request.client else "unknown"


def network(request: Request) -> str:
    """What failed attempts are counted by: the address, of IPv6 its /64."""
    return addresses.network(address(request))


def device(request: Request) -> str:
    """What the browser calls itself."""
    return "".join(c for c in request.headers.get("user-agent", "")[:LONGEST_DEVICE] if c.isprintable())


def session_hash(request: Request) -> str | None:
    """The stored hash of the session that the request's cookie names; None without a cookie of ours."""
    return cookies.session_hash(resources(request), request)


def by_htmx(request: Request) -> bool:
    """Whether htmx asks, for a part of a page or for a whole one."""
    return request.headers.get("hx-request") == "true"


def wants_fragment(request: Request) -> bool:
    """Whether htmx asks for a part of a page. A page that it restores from history it asks for as a whole."""
    return by_htmx(request) and request.headers.get("hx-request-type") != "full"


def whole(text: object, otherwise: DomainError, low: int = 0) -> int:
    """The number that these digits write. Raises `otherwise` for anything else, and below `low`."""
    value = numbers.whole(text, low)
    if value is None:
        raise otherwise
    return value


def number(request: Request, name: str) -> int:
    """A number in the path. Raises NotFound when nothing can have it."""
    return whole(request.path_params[name], NotFound(), low=1)


def place(request: Request) -> dict[str, int]:
    """`before`, `after` or `around` of the query, as a message's id. Raises NotFound for one that is none."""
    for name in ("around", "before", "after"):
        value = request.query_params.get(name)
        if value is not None:
            return {name: whole(value, NotFound("There is no such message."))}
    return {}


def revision(since: object, otherwise: int) -> int:
    """The cursor that a page sends along as `since`; `otherwise` when it sends none. Raises Invalid."""
    if since is None:
        return otherwise
    damaged = "The page's cursor is not a number. Reload the page; your text can be copied first."
    return whole(since, Invalid(since=damaged))
