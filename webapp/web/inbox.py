"""The inbox: messages that mention its person, answer them, or are for them alone. Each leads to its place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from webapp.domain import notifications
from webapp.domain.errors import NotFound
from webapp.domain.notifications import DIRECT, MENTION, PAGE, REPLY, Notice
from webapp.templating import render
from webapp.web import guards, pages
from webapp.web.pages import Layout
from webapp.web.requests import number, wants_fragment, whole

KINDS: Mapping[str, str] = {"": "All", MENTION: "Mentions", REPLY: "Replies", DIRECT: "Direct messages"}
WORDS: Mapping[str, str] = {MENTION: "mentioned you", REPLY: "answered you", DIRECT: "wrote to you"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A message as inbox/_list.html shows it; `why` it is there."""

    notice: Notice
    why: str
    unseen: bool


@dataclass(frozen=True, slots=True)
class Inbox:
    """What inbox/_list.html shows: a page of one kind, and the URL of the older ones, empty for none."""

    entries: Sequence[Entry]
    kind: str
    before: int
    older: str
    actor_id: int


async def page(request: Request) -> Response:
    """A page of it; to htmx its list alone. Raises NotFound for a kind or place that there is not."""
    kind = request.query_params.get("kind", "")
    if kind not in KINDS:
        raise NotFound
    before = whole(request.query_params.get("before") or "0", NotFound())
    actor, found, mine = await guards.read_page(request, notifications.inbox, kind, before)
    layout = pages.layout(request, actor, mine, here="inbox")
    inbox = Inbox(entries(layout, found[:PAGE]), kind, before, older(kind, found), actor.id)
    if wants_fragment(request):
        return pages.fragment(render("inbox/_list.html", inbox=inbox))
    return pages.answer("inbox/page.html", layout, inbox=inbox, kinds=[*KINDS.items()])


def entries(layout: Layout, found: Sequence[Notice]) -> list[Entry]:
    """Unseen is what the number beside its room counts."""
    unseen = {message for room in layout.rooms for message in room.unseen}
    return [Entry(each, WORDS.get(each.kind, ""), each.message_id in unseen) for each in found]


def older(kind: str, found: Sequence[Notice]) -> str:
    if len(found) <= PAGE:
        return ""
    query = {"kind": kind} if kind else {}
    return f"/inbox?{urlencode(query | {'before': str(found[PAGE - 1].id)})}"


async def open_one(request: Request) -> Response:
    """It is seen, and this leads to its place in its room. Raises NotFound."""
    _, (room_id, message_id) = await guards.write(request, notifications.open_one, number(request, "notice"))
    return pages.see(f"/rooms/{room_id}?around={message_id}#message-{message_id}")


async def see_all(request: Request) -> Response:
    await guards.write(request, notifications.see_all)
    return pages.see("/inbox")
