"""What of a draft is in no message yet: a draft may grow while it is on its way.

A browser focuses the next draft some time after Enter. What is typed until then lands in the draft that is being sent
and is the beginning of the next message. It is prepended to the next draft; without one it becomes a message under a
key derived from the draft's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from webapp.domain import messages
from webapp.domain.accounts import Actor
from webapp.domain.messages import AnotherText, Draft
from webapp.domain.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Settled:
    """The state of a draft: `sent` when it made messages, `rest` is the text that is in none of them.

    `changed`: its key made a message of another text.
    """

    draft: Draft
    sent: bool
    rest: str
    changed: bool = False


def standing(tx: Transaction, actor: Actor, drafts: Sequence[Draft]) -> list[Settled]:
    """The state of each draft, oldest first; the rest of one goes before the text of the next."""
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


def beyond(tx: Transaction, actor: Actor, draft: Draft) -> tuple[int, str]:
    """(the number of messages that the draft made, the text that is in none of them). Raises AnotherText."""
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
    """The text without `stored`, which may surround the rest. Raises AnotherText when it is not in the text."""
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
