"""The drafts of a page, of which one may go on being written while it is on its way.

A browser gives the next draft the focus some time after Enter. What is typed until then lands in the draft that is
being sent, and is the beginning of the next message: what a draft has beyond its message goes before the next draft's
text; where there is no next one, it is a message under a key derived from the draft's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from webapp.domain import accounts, messages, posting
from webapp.domain.accounts import Actor
from webapp.domain.errors import AnotherPerson, DomainError, Invalid, TooMany
from webapp.domain.messages import AnotherText, Message
from webapp.domain.resources import Resources
from webapp.domain.unit_of_work import Transaction

REFUSED = (Invalid, TooMany, AnotherText, AnotherPerson)
"""What keeps a draft in the composer, with the reason beside it."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A draft as the page has it: its key and its whole text."""

    key: str
    body: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one draft. `fresh`: this request made the message."""

    draft: Typed
    message: Message | None = None
    fresh: bool = False
    error: DomainError | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """How a draft stands: `sent` when messages were made of it, `rest` what is in no message yet.

    `changed`: its key made a message of another text.
    """

    draft: Typed
    sent: bool
    rest: str
    changed: bool = False


async def send(
    resources: Resources, session: str | None, room_id: int, drafts: Sequence[Typed], entered: bool
) -> list[Outcome]:
    """Each draft's outcome, oldest first. `entered`: the last one is finished, for its author has pressed Enter."""
    outcomes: list[Outcome] = []
    carried = ""
    for draft in drafts:
        last = draft is drafts[-1]
        if not (carried + draft.body).strip() and len(drafts) > 1:
            outcomes.append(Outcome(draft))
            continue
        try:
            outcome, carried = await send_one(resources, session, room_id, draft, carried, last, entered)
        except REFUSED as error:
            outcome, carried = Outcome(draft, error=error), ""
        outcomes.append(outcome)
    return outcomes


async def send_one(
    resources: Resources, session: str | None, room_id: int, draft: Typed, carried: str, last: bool, entered: bool
) -> tuple[Outcome, str]:
    """(what became of it, what goes before the next draft's text)."""
    whole = replace(draft, body=carried + draft.body)
    made, rest = (0, "") if last else await resources.work.read(beyond_as, session, whole)
    if not made:
        if not draft.body.strip() and not last:
            return Outcome(draft), carried
        try:
            message, fresh = await posting.post(resources, session, room_id, draft.key, whole.body)
            return Outcome(draft, message, fresh), ""
        except AnotherText:
            made, rest = await resources.work.read(beyond_as, session, whole)
    if not last or not entered or not rest.strip():
        return Outcome(draft), rest
    message, fresh = await posting.post(resources, session, room_id, derived(draft.key, made + 1), rest)
    return Outcome(draft, message, fresh), ""


def settle(tx: Transaction, actor: Actor, drafts: Sequence[Typed]) -> list[Settled]:
    """How each draft stands, oldest first, the text carried on from one to the next."""
    settled: list[Settled] = []
    carried = ""
    for draft in drafts:
        try:
            made, rest = beyond(tx, actor, replace(draft, body=carried + draft.body))
        except AnotherText:
            settled.append(Settled(draft, False, draft.body, changed=True))
            carried = ""
            continue
        if made or draft.body.strip():
            carried = rest if made else ""
            settled.append(Settled(draft, made > 0, rest))
        else:
            settled.append(Settled(draft, False, ""))
    return settled


def beyond_as(tx: Transaction, session: str | None, draft: Typed) -> tuple[int, str]:
    return beyond(tx, accounts.authenticate(tx, session), draft)


def beyond(tx: Transaction, actor: Actor, draft: Typed) -> tuple[int, str]:
    """(how many messages were made of it, what it has beyond them). Raises AnotherText."""
    made, text = 0, messages.clean(draft.body)
    while (stored := messages.stored(tx, actor, derived(draft.key, made + 1))) is not None:
        made += 1
        if stored.deleted:
            return made, ""
        text = without(text, stored.body)
        if not text.strip():
            return made, ""
    return made, text


def without(text: str, stored: str) -> str:
    """The text but for what is stored, which it has in one piece around one gap. Raises AnotherText."""
    if text.startswith(stored):
        return text[len(stored) :].lstrip()
    whole = text.rstrip()
    start = next((place for place, (one, other) in enumerate(zip(whole, stored, strict=False)) if one != other), 0)
    tail = stored[start:]
    if len(whole) < len(stored) or not whole.endswith(tail):
        raise AnotherText
    return whole[start : len(whole) - len(tail)]


def derived(key: str, number: int) -> str:
    """The key of the message number `number` that one draft makes; the first has the draft's own."""
    return key if number == 1 else f"{key}.{number}"
