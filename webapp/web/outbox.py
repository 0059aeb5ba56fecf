"""Posts the drafts that a composer sends, and says what became of each."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from webapp.domain.errors import AnotherPerson
from webapp.domain.messages import Draft
from webapp.services import outbox, posting
from webapp.services.outbox import Outcome
from webapp.templating import RenderedMessages, render
from webapp.web import drafts, errors, forms, pages, rooms
from webapp.web.requests import by_htmx, number, resources, revision, session_hash

UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Posted:
    """A message that this request made, as the page shows it."""

    id: int
    html: Markup


async def post(request: Request) -> Response:
    """Post every draft of the form, oldest first."""
    room_id = number(request, "room")
    data = await forms.data(request)
    typed = drafts.typed_in(data)
    since = revision(data.get("since"), UNKNOWN)
    if data.get("outbox"):
        outcomes = await outbox.send(
            resources(request), session_hash(request), room_id, typed, entered=data["outbox"] == "entered"
        )
    else:
        outcomes = [await send(request, room_id, each) for each in typed if each.body.strip() or len(typed) == 1]
    if not by_htmx(request):
        return await to_page(request, room_id, outcomes)
    return to_outbox(resources(request).rendered, room_id, outcomes, past=bool(data.get("past")), since=since)


async def send(request: Request, room_id: int, draft: Draft) -> Outcome:
    """Raises SignedOut, NotFound, Unavailable."""
    try:
        message, fresh = await posting.post(
            resources(request), session_hash(request), room_id, draft.key, draft.body, draft.confirmed
        )
    except outbox.REFUSED as error:
        return Outcome(draft, error=error)
    return Outcome(draft, message, fresh)


def to_outbox(
    rendered: RenderedMessages, room_id: int, outcomes: Sequence[Outcome], past: bool, since: int
) -> Response:
    """Marks the drafts that are sent; a refused one stays, with the reason beside it.

    `past`: the page does not show the newest messages. `since`: its cursor when it sent this.
    """
    kept = [drafts.refused(each.draft.key, each.error) for each in outcomes if each.error and each.draft.body.strip()]
    sent = [each.draft.key for each in outcomes if each.error is None]
    made = [each.message for each in outcomes if each.message is not None and each.fresh]
    posted = [Posted(each.id, rendered.html(each)) for each in made]
    failed = next((each.error for each in outcomes if each.error is not None), None)
    response = pages.fragment(render("drafts/posted.html", sent=sent, refused=kept, posted=posted, since=since), 201)
    if failed is not None:
        errors.answered(response, failed)
    if posted:
        response.headers["Location"] = f"/messages/{posted[-1].id}"
    if past and not failed:
        response.headers["HX-Redirect"] = f"/rooms/{room_id}"
    return response


async def to_page(request: Request, room_id: int, outcomes: Sequence[Outcome]) -> Response:
    """Without htmx: the room again, with what was refused in its composer."""
    failed = next((each for each in outcomes if each.error is not None), None)
    if failed is None or failed.error is None:
        return pages.see(f"/rooms/{room_id}")
    if isinstance(failed.error, AnotherPerson):
        raise failed.error
    page = await rooms.show(request, room_id, failed.draft.body, failed.error)
    return errors.answered(page, failed.error)
