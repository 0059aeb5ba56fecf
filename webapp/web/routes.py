"""All URLs on one page, in the order in which they are tried: frequent ones first. errors.py answers their errors."""

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from webapp.web import (
    community,
    devices,
    direct,
    directory,
    drafts,
    health,
    inbox,
    invitations,
    join,
    me,
    memberships,
    mentions,
    messages,
    outbox,
    people,
    reactions,
    resets,
    room_settings,
    rooms,
    sessions,
    setup,
    sidebar,
    static,
    unread,
)

Endpoint = Callable[[Request], Awaitable[Response]]

# Also the address of the room's socket: app.py has the table of these.
SOCKET = "/rooms/{room}/live"
PERSON_SOCKET = "/live"


def get(path: str, endpoint: Endpoint) -> Route:
    return Route(path, endpoint, methods=["GET"])


def post(path: str, endpoint: Endpoint) -> Route:
    return Route(path, endpoint, methods=["POST"])


ROUTES: Sequence[Route] = [
    post("/rooms/{room}/messages", outbox.post),
    get("/rooms/{room}/messages", messages.page),
    post("/rooms/{room}/drafts", drafts.settle),
    post("/rooms/{room}/mentions", mentions.suggestions),
    get("/rooms/{room}", rooms.page),
    post("/rooms/{room}", room_settings.change),
    get(SOCKET, rooms.live),
    get(PERSON_SOCKET, unread.live),
    post("/rooms/{room}/read", unread.mark),
    get("/rooms/{room}/unread", unread.first),
    post("/messages/{message}/unread", unread.hold),
    get("/static/{hash}/{path:path}", static.file),
    get("/session", sessions.watch),
    get("/me.css", me.style),
    get("/inbox", inbox.page),
    post("/inbox/seen", inbox.see_all),
    post("/inbox/{notice}/open", inbox.open_one),
    get("/sidebar", sidebar.missing),
    get("/", rooms.home),
    get("/rooms", directory.page),
    post("/rooms", directory.create),
    get("/rooms/{room}/settings", room_settings.page),
    post("/rooms/{room}/join", memberships.join),
    get("/rooms/{room}/leave", memberships.ask_to_leave),
    post("/rooms/{room}/leave", memberships.leave),
    get("/rooms/{room}/members", memberships.page),
    post("/rooms/{room}/members", memberships.add),
    get("/rooms/{room}/members/{user}/remove", memberships.ask_to_remove),
    post("/rooms/{room}/members/{user}/remove", memberships.remove),
    get("/messages/{message}", messages.message),
    post("/messages/{message}/edit", messages.edit),
    post("/messages/{message}/reactions", reactions.react),
    get("/messages/{message}/emoji", reactions.pick),
    get("/messages/{message}/menu", messages.menu),
    get("/messages/{message}/delete", messages.ask_to_delete),
    post("/messages/{message}/delete", messages.delete),
    get("/people/{user}", people.card),
    get("/people/{user}/link", people.link),
    post("/people/{user}/block", people.block),
    post("/people/{user}/unblock", people.unblock),
    get("/direct", direct.page),
    post("/direct", direct.start),
    post("/direct/{room}/hide", direct.hide),
    get("/direct/{room}/leave", direct.ask_to_leave),
    post("/direct/{room}/leave", direct.leave),
    get("/me", me.page),
    post("/me", me.change),
    post("/me/status", me.set_status),
    post("/me/password", me.change_password),
    get("/me/devices", devices.page),
    post("/me/devices/others/end", devices.end_others),
    post("/me/devices/{device}/end", devices.end),
    get("/login", sessions.login_page),
    post("/login", sessions.login),
    post("/logout", sessions.logout),
    get("/setup", setup.page),
    post("/setup", setup.set_up),
    get("/join/{code}", join.page),
    post("/join/{code}", join.join),
    get("/admin/invitations", invitations.page),
    post("/admin/invitations", invitations.make),
    post("/admin/invitations/{invitation}/revoke", invitations.revoke),
    get("/admin/people", resets.people),
    post("/admin/people/{user}/reset", resets.make),
    get("/reset/{code}", resets.page),
    post("/reset/{code}", resets.use),
    get("/admin/settings", community.page),
    post("/admin/settings", community.change),
    get("/up", health.up),
    get("/ready", health.ready),
]
