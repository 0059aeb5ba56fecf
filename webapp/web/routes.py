"""Every URL, on one page."""

from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp

from webapp.web import accounts, admin, health, me, members, messages, rooms, static


def routes(room_socket: ASGIApp) -> list[BaseRoute]:
    """`room_socket` serves the one address that is a socket."""

    def get(path: str, endpoint: object) -> Route:
        return Route(path, endpoint, methods=["GET"])  # type: ignore[arg-type]

    def post(path: str, endpoint: object) -> Route:
        return Route(path, endpoint, methods=["POST"])  # type: ignore[arg-type]

    return [
        get("/", rooms.home),
        WebSocketRoute("/rooms/{room:int}/live", room_socket),
        get("/rooms/{room:int}/live", rooms.live),
        get("/rooms/{room:int}/messages", messages.page),
        post("/rooms/{room:int}/messages", messages.post),
        get("/rooms/{room:int}/drafts/{key}", messages.draft),
        get("/rooms/{room:int}", rooms.room),
        post("/rooms/{room:int}", rooms.change),
        get("/rooms/{room:int}/settings", rooms.settings),
        post("/rooms/{room:int}/join", rooms.join),
        post("/rooms/{room:int}/leave", rooms.leave),
        get("/rooms/{room:int}/members", members.members),
        post("/rooms/{room:int}/members", members.add),
        post("/rooms/{room:int}/members/{user:int}/remove", members.remove),
        get("/rooms", rooms.directory),
        post("/rooms", rooms.create),
        get("/messages/{message:int}", messages.message),
        post("/messages/{message:int}/edit", messages.edit),
        post("/messages/{message:int}/delete", messages.delete),
        get("/session", accounts.session),
        get("/me.css", me.style),
        get("/static/{hash}/{path:path}", static.file),
        get("/login", accounts.login_page),
        post("/login", accounts.login),
        post("/logout", accounts.logout),
        get("/setup", accounts.setup_page),
        post("/setup", accounts.set_up),
        get("/join/{code}", accounts.join_page),
        post("/join/{code}", accounts.join),
        get("/admin/invitations", admin.invitation_list),
        post("/admin/invitations", admin.invite),
        post("/admin/invitations/{invitation:int}/revoke", admin.revoke),
        get("/admin/settings", admin.settings),
        post("/admin/settings", admin.change_settings),
        get("/up", health.up),
        get("/ready", health.ready),
    ]
