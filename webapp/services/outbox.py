"""Sends the drafts of a page: one by one, each answered for itself, the surplus of one carried to the next."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from webapp.domain import accounts
from webapp.domain.drafts import Typed, beyond, derived
from webapp.domain.errors import AnotherPerson, DomainError, Invalid, TooMany
from webapp.domain.messages import AnotherText, Message
from webapp.domain.transaction import Transaction
from webapp.services import posting
from webapp.services.resources import Resources

REFUSED = (Invalid, TooMany, AnotherText, AnotherPerson)
"""What keeps a draft in the composer, with the reason beside it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one draft. `fresh`: this request made the message."""

    draft: Typed
    message: Message | None = None
    fresh: bool = False
    error: DomainError | None = None


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


def beyond_as(tx: Transaction, session: str | None, draft: Typed) -> tuple[int, str]:
    return beyond(tx, accounts.authenticate(tx, session), draft)
