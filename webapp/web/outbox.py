"""The composer over HTTP: drafts that are sent, what became of those that were, and blank ones ahead of their time."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from webapp.domain import memberships, messages
from webapp.domain.accounts import Actor
from webapp.domain.drafts import Settled, Typed, standing
from webapp.domain.errors import AnotherPerson, DomainError, Invalid
from webapp.domain.memberships import Entry
from webapp.domain.messages import AnotherText
from webapp.domain.transaction import Transaction
from webapp.services import outbox, posting
from webapp.services.outbox import Outcome
from webapp.templating import message_html, render
from webapp.web import errors, forms, guards, pages, rooms
from webapp.web.requests import by_htmx, number, resources, revision, session_hash

MOST_DRAFTS = 20
SPARE = 5
"""Blank drafts in a page besides the one that is written in: so many messages can be sent within one round trip."""
UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Refused:
    """A draft that stays, and why. `new_key`: another one, for a text that its own key cannot send any more."""

    key: str
    reason: str
    new_key: str


@dataclass(frozen=True, slots=True)
class Posted:
    id: int
    html: Markup


@dataclass(frozen=True, slots=True)
class Begun:
    """A sent draft that stays: `rest` is the beginning of the next message, empty when that is sent, too."""

    key: str
    rest: str


async def post(request: Request) -> Response:
    """Every draft of the form, oldest first, each answered for itself."""
    room_id = number(request, "room")
    data = await forms.data(request)
    drafts = drafts_of(data)
    since = revision(data.get("since"), UNKNOWN)
    if data.get("outbox"):
        outcomes = await outbox.send(
            resources(request), session_hash(request), room_id, drafts, entered=data["outbox"] == "entered"
        )
    else:
        outcomes = [await send(request, room_id, each) for each in drafts if each.body.strip() or len(drafts) == 1]
    if not by_htmx(request):
        return await to_page(request, room_id, outcomes)
    return to_outbox(room_id, outcomes, past=bool(data.get("past")), since=since)


def drafts_of(data: FormData) -> list[Typed]:
    """The form's drafts, oldest first; in it the newest stands first. Raises Invalid."""
    keys = [value for value in data.getlist("key") if isinstance(value, str)]
    bodies = [value for value in data.getlist("body") if isinstance(value, str)]
    if len(keys) != len(bodies) or not 0 < len(keys) <= MOST_DRAFTS:
        raise Invalid(form="A post needs a key and a body.")
    return [Typed(key, body) for key, body in zip(reversed(keys), reversed(bodies), strict=True)]


async def send(request: Request, room_id: int, draft: Typed) -> Outcome:
    try:
        message, fresh = await posting.post(resources(request), session_hash(request), room_id, draft.key, draft.body)
    except outbox.REFUSED as error:
        return Outcome(draft, error=error)
    return Outcome(draft, message, fresh)


def to_outbox(room_id: int, outcomes: Sequence[Outcome], past: bool, since: int) -> Response:
    """Drafts that are sent are marked so; a refused one stays, with the reason beside it.

    `past`: the page does not show the newest messages. `since`: its cursor when it sent this.
    """
    kept = [refused(each.draft.key, each.error) for each in outcomes if each.error and each.draft.body.strip()]
    sent = [each.draft.key for each in outcomes if each.error is None]
    made = [each.message for each in outcomes if each.message is not None and each.fresh]
    posted = [Posted(each.id, message_html(each)) for each in made]
    failed = next((each.error for each in outcomes if each.error is not None), None)
    text = render("messages/posted.html", sent=sent, refused=kept, posted=posted, since=since)
    response = pages.fragment(text, 201)
    if failed is not None:
        response = errors.with_wait(pages.fragment(text, errors.status_of(failed)), failed)
    if posted:
        response.headers["Location"] = f"/messages/{posted[-1].id}"
    if past and not failed:
        response.headers["HX-Redirect"] = f"/rooms/{room_id}"
    return response


def refused(key: str, error: DomainError) -> Refused:
    return Refused(key, error.text, messages.renewed(key) if isinstance(error, AnotherText) else "")


async def to_page(request: Request, room_id: int, outcomes: Sequence[Outcome]) -> Response:
    """Without htmx: the room again, with what was refused in its composer."""
    failed = next((each for each in outcomes if each.error is not None), None)
    if failed is None or failed.error is None:
        return pages.see(f"/rooms/{room_id}")
    if isinstance(failed.error, AnotherPerson):
        raise failed.error
    status = errors.status_of(failed.error)
    return await rooms.show_room(request, room_id, status, failed.draft.body, failed.error.text)


async def settle(request: Request) -> Response:
    """What the page may let go of: sent drafts as they are now, when all that is in them is stored; and spare ones.

    What is in a draft that has not got the focus cannot change any more: it is compared with what was stored.
    """
    room_id = number(request, "room")
    typed = drafts_of(await forms.data(request))
    actor, (entry, settled) = await guards.read(request, settled_in, room_id, typed)
    gone, begun = sorted_out(settled)
    changed = [refused(each.draft.key, AnotherText()) for each in settled if each.changed]
    drafts = [rooms.draft(actor, entry.room, spare=True) for _ in range(min(len(gone), SPARE) or SPARE)]
    text = render("messages/settled.html", gone=gone, begun=begun, refused=changed, drafts=drafts, most=SPARE)
    return pages.fragment(text)


def settled_in(tx: Transaction, actor: Actor, room_id: int, drafts: Sequence[Typed]) -> tuple[Entry, list[Settled]]:
    return memberships.require(tx, actor, room_id), standing(tx, actor, drafts)


def sorted_out(settled: Sequence[Settled]) -> tuple[list[str], list[Begun]]:
    """(keys of the drafts that can go, the sent ones that stay). The newest is in neither.

    A draft whose rest went into the next one's message stays as long as that one: the two are compared together.
    """
    gone: list[str] = []
    together: list[str] = []
    for each in settled[:-1]:
        if each.sent:
            together.append(each.draft.key)
        if each.sent and not each.rest.strip():
            gone += together
            together = []
        elif not each.sent and each.rest.strip():
            together = []
        elif not each.sent:
            gone.append(each.draft.key)
    begun = [
        Begun(each.draft.key, "" if following.sent else each.rest.strip())
        for each, following in pairwise(settled)
        if each.sent and each.draft.key not in gone
    ]
    return gone, begun
