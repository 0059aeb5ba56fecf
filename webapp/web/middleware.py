"""What every request passes on its way in, and every answer on its way out: the host, the site that asks, the size of
the body, and the headers that keep a page to itself."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp.domain import origins
from webapp.settings import Settings
from webapp.web.refusals import Refused, TooLarge

SAFE = ("GET", "HEAD", "OPTIONS")
DRAINED = 8 * 1_048_576
ANY_HOST = ("/up", "/ready")  # asked for by address, by whatever watches over the server


class Doors:
    """Host, origin and body limit. `answer` makes the page for who is turned away."""

    def __init__(
        self, app: ASGIApp, settings: Settings, answer: Callable[[Request, Exception], Awaitable[Response]]
    ) -> None:
        self.app = app
        self.settings = settings
        self.answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            self._check(scope, headers)
        except Refused as refusal:
            await drain(receive)
            response = await self.answer(Request(scope), refusal)
            await response(scope, receive, send)
            return
        await self.app(scope, Body(receive, self.settings.limits.body).receive, send)

    def _check(self, scope: Scope, headers: Headers) -> None:
        host = headers.get("host", "")
        if not origins.known_host(self.settings, host) and scope["path"] not in ANY_HOST:
            raise Refused(400, "This server does not answer to that name. If it should, set PUBLIC_URL to its address.")
        if scope["method"] not in SAFE and foreign(headers, origins.own_origin(self.settings, scope["scheme"], host)):
            raise Refused(403, "This was sent from another site, so nothing was done.")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self.settings.limits.body:
            raise TooLarge(self.settings.limits.body)


def foreign(headers: Mapping[str, str], ours: str) -> bool:
    """Whether a browser says that another site made this request. Programs that say nothing are no browsers."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    return (site is not None and site not in ("same-origin", "none")) or (origin is not None and origin != ours)


async def drain(receive: Receive) -> None:
    """Read what is still being sent, up to a bound: a browser listens to an answer only when it has finished."""
    seen = 0
    while seen < DRAINED:
        message = await receive()
        seen += len(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return


class Body:
    """Counts what comes in pieces without a length."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self.inner = receive
        self.left = self.limit = limit

    async def receive(self) -> Message:
        message = await self.inner()
        self.left -= len(message.get("body", b""))
        if self.left < 0:
            raise TooLarge(self.limit)
        return message


class PageHeaders:
    """A fresh nonce for each answer, and the headers that hold for all of them."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.secure = settings.secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = scope.setdefault("state", {})["nonce"] = secrets.token_urlsafe(18)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(MutableHeaders(scope=message), nonce)
            await send(message)

        await self.app(scope, receive, with_headers)

    def _add(self, headers: Any, nonce: str) -> None:
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        headers["Content-Security-Policy"] = policy(nonce)
        headers.setdefault("Cache-Control", "no-store")
        if self.secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"


def policy(nonce: str) -> str:
    """No script but ours by nonce, no eval, no inline style, no framing; HTML enters the page through htmx alone."""
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self'; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script';"
        " trusted-types htmx"
    )
