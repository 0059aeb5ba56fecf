"""What differs for one person on pages that are the same for all: a style sheet of their own."""

from starlette.requests import Request
from starlette.responses import Response

from webapp.templating import render
from webapp.web import guards


async def style(request: Request) -> Response:
    """It marks and hides, it does not authorise."""
    actor = await guards.signed_in(request)
    headers = {"Cache-Control": "private, max-age=3600"}
    return Response(render("me.css", actor=actor), media_type="text/css", headers=headers)
