"""Answers: whole pages with what surrounds them, fragments, and redirects."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from webapp.domain.accounts import Actor
from webapp.domain.rooms import Room
from webapp.templating import render
from webapp.web.requests import resources


@dataclass(frozen=True, slots=True)
class Layout:
    """What base.html and app.html show around every page.

    `rooms` are those of the sidebar; `room_id` and `here` name the link in it that is the page itself.
    """

    nonce: str
    community: str
    actor: Actor | None
    rooms: Sequence[Room]
    room_id: int
    here: str


def layout(
    request: Request, actor: Actor | None = None, rooms: Sequence[Room] = (), room_id: int = 0, here: str = ""
) -> Layout:
    """The layout of a page for this request."""
    return Layout(request.state.nonce, resources(request).community.name, actor, rooms, room_id, here)


def answer(template: str, layout: Layout, status: int = 200, **values: Any) -> Response:
    """The page of this template."""
    return HTMLResponse(render(template, page=layout, **values), status)


def fragment(text: str, status: int = 200, **headers: str) -> Response:
    """A part of a page. `headers`: `HX_Redirect="/"` sends `HX-Redirect: /`."""
    return HTMLResponse(text, status, {name.replace("_", "-"): value for name, value in headers.items()})


def see(path: str) -> Response:
    """Sends the browser there with GET."""
    return RedirectResponse(path, 303)
