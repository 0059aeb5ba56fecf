"""Middleware: checks the host, origin and size of every request, adds security headers to every answer, compresses."""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Iterator, Mapping

from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp import numbers
from webapp.services import origins
from webapp.settings import Settings
from webapp.web.refusals import Refused, TooLarge

SAFE = ("GET", "HEAD", "OPTIONS")
DRAINED = 8 * 1_048_576
"""Bytes of a refused body that are read, so that the browser listens to the answer."""
HEADERS: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
Raw = list[tuple[bytes, bytes]]
ANY_HOST = ("/up", "/ready")  # monitoring asks for them by address


class RequestChecks:
    """Refuses foreign hosts, requests of other sites, and bodies over the limit. `answer` makes the error page."""

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
        try:
            self._check(HTTPConnection(scope))
        except Refused as refusal:
            await drain(receive)
            response = await self.answer(Request(scope), refusal)
            await response(scope, receive, send)
            return
        await self.app(scope, Body(receive, self.settings.limits.body).receive, send)

    def _check(self, connection: HTTPConnection) -> None:
        """Raises Refused."""
        scope, headers = connection.scope, connection.headers
        host = headers.get("host", "")
        if not origins.known_host(self.settings, host) and scope["path"] not in ANY_HOST:
            raise Refused(400, "This server does not answer to that name. If it should, set PUBLIC_URL to its address.")
        if scope["method"] not in SAFE and self._foreign(headers, scope["scheme"], host):
            raise Refused(403, "This was sent from another site, so nothing was done.")
        length = headers.get("content-length", "0").lstrip("0") or "0"
        if numbers.whole(length, high=self.settings.limits.body) is None:
            raise TooLarge(self.settings.limits.body)

    def _foreign(self, headers: Headers, scheme: str, host: str) -> bool:
        """Whether a browser says that another site made this request. Other programs send neither header."""
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site is not None and site not in ("same-origin", "none"):
            return True
        return origin is not None and not origins.is_ours(self.settings, scheme, host, origin)


async def drain(receive: Receive) -> None:
    """Read the rest of a body, up to a bound: a browser reads no answer before it has sent all."""
    seen = 0
    while seen < DRAINED:
        message = await receive()
        seen += len(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return


class Body:
    """Counts the bytes of a body that comes without a length."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self.inner = receive
        self.left = self.limit = limit

    async def receive(self) -> Message:
        """Raises TooLarge."""
        message = await self.inner()
        self.left -= len(message.get("body", b""))
        if self.left < 0:
            raise TooLarge(self.limit)
        return message


class PageHeaders:
    """Adds the security headers; scripts run by a nonce that is new in each answer."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        secure = {"strict-transport-security": "max-age=31536000"} if settings.secure else {}
        self.fixed = [(name.encode(), value.encode()) for name, value in {**HEADERS, **secure}.items()]
        self.nonces = nonces()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = scope.setdefault("state", {})["nonce"] = next(self.nonces)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self._added(message["headers"], nonce)
            await send(message)

        await self.app(scope, receive, with_headers)

    def _added(self, headers: Raw, nonce: str) -> Raw:
        added = [*headers, *self.fixed, (b"content-security-policy", policy(nonce).encode())]
        if not any(name == b"cache-control" for name, _ in headers):
            added.append((b"cache-control", b"no-store"))
        return added


class PagesGZip:
    """Compresses answers but those to a POST, which are short."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.compressing = GZipMiddleware(app, minimum_size=1_024, compresslevel=4)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        inner = self.app if scope["type"] == "http" and scope["method"] == "POST" else self.compressing
        await inner(scope, receive, send)


def nonces() -> Iterator[str]:
    """144 random bits each, 64 of them to a system call: that lets other threads run, and waits for its turn again."""
    while True:
        pool = secrets.token_bytes(64 * 18)
        for start in range(0, len(pool), 18):
            yield urlsafe_b64encode(pool[start : start + 18]).decode()


def policy(nonce: str) -> str:
    """The Content-Security-Policy: scripts by nonce, no eval, no inline style, no framing; only htmx inserts HTML."""
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self'; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script';"
        " trusted-types htmx"
    )
