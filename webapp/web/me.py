"""A style sheet for each person: what differs for them in pages and fragments that are the same for all."""

from starlette.requests import Request
from starlette.responses import Response

from webapp.templating import render
from webapp.web import guards


async def style(request: Request) -> Response:
    """Marks the person's own messages. Hides, but never protects."""
    actor = await guards.signed_in(request)
    headers = {"Cache-Control": "private, max-age=3600"}
    return Response(render("me.css", actor=actor), media_type="text/css", headers=headers)
