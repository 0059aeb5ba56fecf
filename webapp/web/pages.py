"""Whole pages: the frame around them, and how they are answered."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from webapp.domain.accounts import Actor
from webapp.domain.rooms import Room
from webapp.templating import render
from webapp.web.requests import resources


def page(
    request: Request, actor: Actor | None = None, rooms: Sequence[Room] = (), room_id: int = 0, here: str = ""
) -> SimpleNamespace:
    """What the frame shows: `rooms` in the sidebar, and which of its links is the page itself."""
    return SimpleNamespace(
        nonce=request.state.nonce,
        community=resources(request).community.name,
        actor=actor,
        rooms=rooms,
        room_id=room_id,
        here=here,
    )


def answer(template: str, frame: SimpleNamespace, status: int = 200, **values: Any) -> Response:
    """The page made of this template, in its frame."""
    return HTMLResponse(render(template, page=frame, **values), status)


def fragment(text: str, status: int = 200, **headers: str) -> Response:
    return HTMLResponse(text, status, {name.replace("_", "-"): value for name, value in headers.items()})


def see(path: str) -> Response:
    """Go on there, with GET."""
    return RedirectResponse(path, 303)
