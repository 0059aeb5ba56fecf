"""Suggests whom a name that is being written may mean."""

from starlette.requests import Request
from starlette.responses import Response

from webapp.domain import mentions
from webapp.templating import render
from webapp.web import forms, guards, pages
from webapp.web.requests import number


async def suggestions(request: Request) -> Response:
    """The people whom the word at the end of `body` may mean. A POST, so that no log has what is being written.

    Raises NotFound for non-members.
    """
    form = await forms.read(request)
    _, people = await guards.read(request, mentions.suggest, number(request, "room"), form.values["body"])
    return pages.fragment(render("mentions/suggestions.html", people=people))
