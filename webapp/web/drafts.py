"""The drafts of a composer: blank ones, and which of those that were sent the page may remove."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from webapp.domain import memberships, messages
from webapp.domain.accounts import Actor
from webapp.domain.drafts import Settled, standing
from webapp.domain.errors import DomainError, Invalid
from webapp.domain.memberships import Entry, Room
from webapp.domain.messages import AnotherText, AskFirst, Draft
from webapp.domain.transaction import Transaction
from webapp.templating import render
from webapp.web import forms, guards, pages
from webapp.web.requests import number, resources

MOST_DRAFTS = 20
SPARE = 5
"""Blank drafts in a page besides the one that is written in: so many messages can be sent within one round trip."""


@dataclass(frozen=True, slots=True)
class ShownDraft:
    """What drafts/_draft.html shows. A spare one is disabled until the one before it is sent.

    `people`: so many are told once their number is confirmed.
    """

    key: str
    body: str
    problem: str
    placeholder: str
    spare: bool
    people: int = 0


@dataclass(frozen=True, slots=True)
class Refused:
    """A draft that stays, and why. `new_key`: another key, for a text that the draft's own cannot send any more.

    `people` as in ShownDraft.
    """

    key: str
    reason: str
    new_key: str
    people: int = 0


@dataclass(frozen=True, slots=True)
class Begun:
    """A sent draft that stays: `rest` is the beginning of the next message, empty when that is sent, too."""

    key: str
    rest: str


def blank(actor: Actor, room: Room, spare: bool = False) -> ShownDraft:
    """A draft with a fresh key."""
    return ShownDraft(messages.fresh_key(actor.id), "", "", f"Message {room.name}", spare)


def refused_draft(actor: Actor, room: Room, body: str, error: DomainError) -> ShownDraft:
    """The text of one that was refused, with a fresh key."""
    return replace(blank(actor, room), body=body, problem=error.text, people=asked(error))


def asked(error: DomainError) -> int:
    """How many people the message would tell, if that is why it was refused."""
    return error.people if isinstance(error, AskFirst) else 0


def refused(key: str, error: DomainError) -> Refused:
    """The draft of this key as drafts/_refused.html shows it."""
    return Refused(key, error.text, messages.renewed(key) if isinstance(error, AnotherText) else "", asked(error))


def typed_in(data: FormData) -> list[Draft]:
    """The form's drafts, oldest first; in the page the newest stands first. Raises Invalid."""
    keys = [value for value in data.getlist("key") if isinstance(value, str)]
    bodies = [value for value in data.getlist("body") if isinstance(value, str)]
    if len(keys) != len(bodies) or not 0 < len(keys) <= MOST_DRAFTS:
        raise Invalid(form="A post needs a key and a body.")
    confirmed = data.getlist("confirmed")
    return [
        Draft(key, body, confirmed=key in confirmed) for key, body in zip(reversed(keys), reversed(bodies), strict=True)
    ]


async def settle(request: Request) -> Response:
    """Says which sent drafts the page may remove, because all their text is stored, and brings spare ones for them.

    A draft without the focus does not change any more: its text is compared with what was stored.
    """
    room_id = number(request, "room")
    typed = typed_in(await forms.data(request))
    actor, (entry, settled) = await guards.read(request, read, room_id, typed)
    room = entry.room
    if room.party is not None:
        room = replace(room, name=await resources(request).people.title(room.party, actor.id))
    gone, begun = sorted_out(settled)
    changed = [refused(each.draft.key, AnotherText()) for each in settled if each.changed]
    spare = [blank(actor, room, spare=True) for _ in range(min(len(gone), SPARE) or SPARE)]
    text = render("drafts/settled.html", gone=gone, begun=begun, refused=changed, drafts=spare, most=SPARE)
    return pages.fragment(text)


def read(tx: Transaction, actor: Actor, room_id: int, drafts: Sequence[Draft]) -> tuple[Entry, list[Settled]]:
    """Raises NotFound for non-members."""
    return memberships.require(tx, actor, room_id), standing(tx, actor, drafts)


def sorted_out(settled: Sequence[Settled]) -> tuple[list[str], list[Begun]]:
    """(keys of the drafts to remove, the sent ones that stay). The newest is in neither.

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
