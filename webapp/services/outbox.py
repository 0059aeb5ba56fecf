"""Posts the drafts of a page one by one, oldest first; what a draft has beyond its message goes into the next one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from webapp.domain.accounts import acting
from webapp.domain.drafts import beyond, derived
from webapp.domain.errors import AnotherPerson, Blocked, DomainError, Invalid, TooMany
from webapp.domain.messages import AnotherText, AskFirst, Draft, Message
from webapp.services import posting
from webapp.services.resources import Resources

REFUSED = (Invalid, TooMany, AskFirst, AnotherText, AnotherPerson, Blocked)
"""Errors of one draft: it stays in the composer with the reason beside it, and the others are posted."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one draft. `fresh`: this request made the message."""

    draft: Draft
    message: Message | None = None
    fresh: bool = False
    error: DomainError | None = None


async def send(
    resources: Resources, session: str | None, room_id: int, drafts: Sequence[Draft], entered: bool
) -> list[Outcome]:
    """Each draft's outcome, oldest first. `entered`: the last one is complete, because its author has pressed Enter.

    Raises SignedOut, NotFound, and the store's Unavailable.
    """
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
    resources: Resources, session: str | None, room_id: int, draft: Draft, carried: str, last: bool, entered: bool
) -> tuple[Outcome, str]:
    """(what became of it, what goes before the next draft's text). Raises what `post` raises."""
    whole = replace(draft, body=carried + draft.body)
    made, rest = (0, "") if last else await read_rest(resources, session, whole)
    if not made:
        if not draft.body.strip() and not last:
            return Outcome(draft), carried
        try:
            message, fresh = await posting.post(resources, session, room_id, draft.key, whole.body, draft.confirmed)
            return Outcome(draft, message, fresh), ""
        except AnotherText:
            made, rest = await read_rest(resources, session, whole)
    if not last or not entered or not rest.strip():
        return Outcome(draft), rest
    message, fresh = await posting.post(
        resources, session, room_id, derived(draft.key, made + 1), rest, draft.confirmed
    )
    return Outcome(draft, message, fresh), ""


async def read_rest(resources: Resources, session: str | None, draft: Draft) -> tuple[int, str]:
    """(how many messages were made of the draft, its text beyond them). Raises SignedOut, AnotherText."""
    _, found = await resources.work.read(acting(session, beyond, draft))
    return found
