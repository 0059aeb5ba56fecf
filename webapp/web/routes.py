"""Every URL, on one page. What is asked for most stands first: they are tried in this order."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from webapp.web import accounts, admin, health, me, members, messages, outbox, rooms, static

Endpoint = Callable[[Request], Awaitable[Response]]

# The one address that is a socket; app.py hands it to sockets/consumer.py.
SOCKET = "/rooms/{room}/live"


def get(path: str, endpoint: Endpoint) -> Route:
    return Route(path, endpoint, methods=["GET"])


def post(path: str, endpoint: Endpoint) -> Route:
    return Route(path, endpoint, methods=["POST"])


ROUTES = [
    post("/rooms/{room}/messages", outbox.post),
    get("/rooms/{room}/messages", messages.page),
    post("/rooms/{room}/drafts", outbox.settle),
    get("/rooms/{room}", rooms.room),
    post("/rooms/{room}", rooms.change),
    get(SOCKET, rooms.live),
    get("/static/{hash}/{path:path}", static.file),
    get("/session", accounts.session),
    get("/me.css", me.style),
    get("/", rooms.home),
    get("/rooms", rooms.directory),
    post("/rooms", rooms.create),
    get("/rooms/{room}/settings", rooms.settings),
    post("/rooms/{room}/join", rooms.join),
    get("/rooms/{room}/leave", rooms.ask_to_leave),
    post("/rooms/{room}/leave", rooms.leave),
    get("/rooms/{room}/members", members.members),
    post("/rooms/{room}/members", members.add),
    get("/rooms/{room}/members/{user}/remove", members.ask_to_remove),
    post("/rooms/{room}/members/{user}/remove", members.remove),
    get("/messages/{message}", messages.message),
    post("/messages/{message}/edit", messages.edit),
    get("/messages/{message}/menu", messages.menu),
    get("/messages/{message}/delete", messages.ask_to_delete),
    post("/messages/{message}/delete", messages.delete),
    get("/login", accounts.login_page),
    post("/login", accounts.login),
    post("/logout", accounts.logout),
    get("/setup", accounts.setup_page),
    post("/setup", accounts.set_up),
    get("/join/{code}", accounts.join_page),
    post("/join/{code}", accounts.join),
    get("/admin/invitations", admin.invitation_list),
    post("/admin/invitations", admin.invite),
    post("/admin/invitations/{invitation}/revoke", admin.revoke),
    get("/admin/settings", admin.settings),
    post("/admin/settings", admin.change_settings),
    get("/up", health.up),
    get("/ready", health.ready),
]
