"""Answers: whole pages with what surrounds them, fragments, and redirects."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from webapp.domain.accounts import Actor
from webapp.domain.memberships import OwnRoom, Room
from webapp.templating import render
from webapp.web.requests import resources


@dataclass(frozen=True, slots=True)
class Layout:
    """What base.html and app.html show around every page.

    `rooms` are all of this person; `room_id` and `here` name the link in the sidebar that is the page itself.
    """

    nonce: str
    community: str
    actor: Actor | None
    rooms: Sequence[OwnRoom]
    room_id: int
    here: str

    @property
    def own_rooms(self) -> list[OwnRoom]:
        """Those that are not direct."""
        return [room for room in self.rooms if room.party is None]

    @property
    def directs(self) -> list[OwnRoom]:
        """The direct rooms of the sidebar; the page's own, whether or not others show it."""
        return [room for room in self.rooms if room.party is not None and (room.listed or room.id == self.room_id)]

    @property
    def unread(self) -> bool:
        """Whether any of the rooms is, or something waits."""
        return any(room.unread or room.waiting for room in self.rooms)

    @property
    def waiting(self) -> int:
        """How many messages wait in their inbox."""
        return sum(room.waiting for room in self.rooms)

    @property
    def sign(self) -> str:
        """What stands before the title."""
        waiting = self.waiting
        return f"({waiting}) " if waiting else "• " if self.unread else ""

    @property
    def room(self) -> OwnRoom | None:
        """The room in the list whose page this is."""
        return next((room for room in self.rooms if room.id == self.room_id), None)

    def called(self, room: Room) -> Room:
        """The page's room under the name that its reader knows it by."""
        return replace(room, name=self.room.name) if room.direct and self.room is not None else room


def layout(
    request: Request, actor: Actor | None = None, rooms: Sequence[OwnRoom] = (), room_id: int = 0, here: str = ""
) -> Layout:
    """The layout of a page for this request."""
    held = resources(request)
    shown = held.marks.applied(actor.id, rooms) if actor is not None else rooms
    return Layout(request.state.nonce, held.community.name, actor, shown, room_id, here)


def answer(template: str, layout: Layout, status: int = 200, **values: Any) -> Response:
    """The page of this template."""
    return HTMLResponse(render(template, page=layout, **values), status)


def fragment(text: str, status: int = 200, **headers: str) -> Response:
    """A part of a page. `headers`: `HX_Redirect="/"` sends `HX-Redirect: /`."""
    return HTMLResponse(text, status, {name.replace("_", "-"): value for name, value in headers.items()})


def see(path: str) -> Response:
    """Sends the browser there with GET."""
    return RedirectResponse(path, 303)
