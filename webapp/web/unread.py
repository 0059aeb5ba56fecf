"""Marks rooms as read and unread, leads to where one stopped reading, and shows that place in a page."""

from dataclasses import dataclass, replace

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from webapp.domain import unread
from webapp.domain.accounts import Actor
from webapp.domain.memberships import OwnRoom
from webapp.numbers import LARGEST
from webapp.templating import Log, render
from webapp.web import forms, guards, pages
from webapp.web.requests import by_htmx, number, resources, revision

LONGEST_TITLE = 300
NOT_SAID = -1


@dataclass(frozen=True, slots=True)
class Line:
    """What unread/_line.html shows: the room may be marked as read up to `revision`."""

    room_id: int
    actor_id: int
    revision: int


def with_line(request: Request, log: Log, actor: Actor, room: OwnRoom | None, head: int) -> Log:
    """The log with the line before what is new in it: in this page alone, for the log is kept for everybody.

    `new` in the query names the revision after which it is new, for by now the room may be read. Without the line where
    all of the page is new, and what came before as well.
    """
    since = revision(request.query_params.get("new"), NOT_SAID)
    first = first_new(log, room, since) if room is not None else None
    if room is None or first is None or (log.older and first == log.places[0].id):
        return log
    line = Markup(render("unread/_line.html", line=Line(room.id, actor.id, head)))  # noqa: S704 - it escapes
    before, start, after = log.messages.partition(f'<li id="message-{first}"')
    return replace(log, messages=before + line + start + after)


def first_new(log: Log, room: OwnRoom, since: int) -> int | None:
    """The first message after this revision; if that is not said, after what was read of a room that is unread."""
    if since != NOT_SAID:
        return next((each.id for each in log.places if each.posted_revision > since), None)
    new = (each for each in log.places if room.unread and each.posted_revision > room.read_revision)
    return next((each.id for each in new if room.held or each.author_id != room.user_id), None)


async def mark(request: Request) -> Response:
    """The room is read, up to the revision that the page shows: its cursor, or the one that the form was made at."""
    room_id = number(request, "room")
    data = await forms.data(request) if forms.kind_of(request) in forms.KINDS else {}
    seen = revision(data.get("since") or data.get("revision"), LARGEST)
    actor, revision_read = await guards.write(request, unread.mark, room_id, seen)
    resources(request).marks.keep(actor.id, room_id, revision_read)
    return pages.fragment("", 204) if by_htmx(request) else pages.see(f"/rooms/{room_id}")


async def hold(request: Request) -> Response:
    """The room is unread from this message on."""
    message_id = number(request, "message")
    actor, message = await guards.write(request, unread.hold, message_id)
    resources(request).marks.drop(actor.id, message.room_id)
    if by_htmx(request):
        return pages.fragment(render("messages/done.html", message=message))
    return pages.see("/rooms")


async def first(request: Request) -> Response:
    """Leads to the first message after the revision `since`, where this person had stopped reading."""
    room_id = number(request, "room")
    since = revision(request.query_params.get("since"), 0)
    _, message_id = await guards.read(request, unread.find_first, room_id, since)
    return pages.see(f"/rooms/{room_id}?around={message_id}&new={since}#new" if message_id else f"/rooms/{room_id}")


async def live(request: Request) -> Response:
    """A new socket element, for a page without a room whose own has fallen silent."""
    await guards.signed_in(request)
    return pages.fragment(render("live/_person.html", title=request.query_params.get("title", "")[:LONGEST_TITLE]))
