"""What the endpoints ask of a request."""

from typing import Any

from starlette.requests import Request

from webapp import addresses, numbers
from webapp.domain.errors import Invalid, NotFound
from webapp.services import cookies
from webapp.services.resources import Resources

LONGEST_DEVICE = 200


def resources(request: Request) -> Resources:
    return request.app.state.resources  # type: ignore[no-any-return]


def address(request: Request) -> str:
    """Where it comes from, as forwarded.py found it."""
    return request.client.host if request.client else "unknown"


def network(request: Request) -> str:
    """What attempts from there are counted for."""
    return addresses.network(address(request))


def device(request: Request) -> str:
    """What the browser calls itself."""
    return "".join(c for c in request.headers.get("user-agent", "")[:LONGEST_DEVICE] if c.isprintable())


def session_hash(request: Request) -> str | None:
    return cookies.session_hash(resources(request), request)


def wants_fragment(request: Request) -> bool:
    """Whether htmx asks for a part of a page. A page that it restores from history is asked for whole."""
    return request.headers.get("hx-request") == "true" and request.headers.get("hx-request-type") != "full"


def by_htmx(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"


def number(request: Request, name: str) -> int:
    """A number in the path. Raises NotFound when nothing can have it."""
    value = numbers.whole(request.path_params[name], low=1)
    if value is None:
        raise NotFound
    return value


def place(request: Request) -> dict[str, int]:
    """`before`, `after` or `around` of the query, as a message's id. Raises NotFound for one that is none."""
    for name in ("around", "before", "after"):
        value = request.query_params.get(name)
        if value is not None:
            message_id = numbers.whole(value)
            if message_id is None:
                raise NotFound("There is no such message.")
            return {name: message_id}
    return {}


def revision(since: Any, otherwise: int) -> int:
    """The cursor that a page sends along as `since`; `otherwise` when it sends none. Raises Invalid."""
    if since is None:
        return otherwise
    value = numbers.whole(since)
    if value is None:
        raise Invalid(since="The page's cursor is not a number. Reload the page; your text can be copied first.")
    return value
