"""After the storm: whether everything that was acknowledged is there, once, in one order, for everybody."""

import asyncio
import html
import re
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import Row

from tests.faults.posters import Ledger, Post
from tests.faults.readers import Reader
from tests.pages import Shown, messages_in, older_link
from tests.people import HTMX

SETTLED_WITHIN = 60.0
ALL = "SELECT id, room_id, author_id, key, body, html, revision, deleted_at FROM messages ORDER BY id"


class Follower(Protocol):
    """Whoever is led through a room by its socket."""

    room: int

    def stands_at(self, head: int) -> bool: ...


class Store(Protocol):
    """What can be asked for the truth."""

    def rows(self, statement: str, **values: Any) -> Sequence[Row[Any]]: ...
    async def heads(self, room_ids: Sequence[int]) -> dict[int, int]: ...


@dataclass
class Verdict:
    """What went wrong, in words; nothing did when all are empty."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.disordered)

    def __str__(self) -> str:
        lines = [f"{len(self.lost)} lost, {len(self.doubled)} doubled, {len(self.disordered)} out of order"]
        for name in ("lost", "doubled", "disordered"):
            lines += [f"  {name}: {each}" for each in getattr(self, name)[:20]]
        return "\n".join(lines)


async def audit(store: Store, ledger: Ledger, readers: Iterable[Reader], within: float = SETTLED_WITHIN) -> Verdict:
    """Waits until the readers have come to the end of their rooms, or does not believe any more that they will."""
    readers = list(readers)
    heads = await store.heads([reader.room for reader in readers])
    await settled(readers, heads, within)
    found = [row for row in await asyncio.to_thread(store.rows, ALL) if row.room_id in heads]
    verdict = Verdict()
    check_store(verdict, ledger, found)
    for reader in readers:
        if not reader.stands_at(heads[reader.room]):
            verdict.lost.append(
                f"{reader} has not come to revision {heads[reader.room]}; closed with {reader.codes[-5:]}"
            )
            continue
        await complete(reader)
        check_reader(verdict, reader, [row for row in found if row.room_id == reader.room])
    return verdict


async def settled(readers: Sequence[Follower], heads: dict[int, int], within: float = SETTLED_WITHIN) -> bool:
    """Whether all are live and stand at these heads, as soon as they do."""
    deadline = time.monotonic() + within
    while not all(reader.stands_at(heads[reader.room]) for reader in readers):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.02)
    return True


async def complete(reader: Reader) -> None:
    """Scroll up to the beginning of the room."""
    older, reader.log.older = reader.log.older, ""
    while older:
        answer = await asyncio.to_thread(reader.person.http.get, reader.doors.doors()[0] + older, headers=HTMX)
        assert answer.status_code == 200, answer.text
        reader.log.messages = {**messages_in(answer.text), **reader.log.messages}
        older = older_link(answer.text)


# -- the database against what was acknowledged


def check_store(verdict: Verdict, ledger: Ledger, found: Sequence[Row[Any]]) -> None:
    by_key = Counter((row.author_id, row.key) for row in found)
    by_body = Counter((row.room_id, row.body) for row in found if row.deleted_at is None)
    row_of = {row.key: row for row in found}
    verdict.doubled += [
        f"key {key} of author {author} has {n} messages" for (author, key), n in by_key.items() if n > 1
    ]
    verdict.doubled += [f"{body!r} stands {n} times in room {room}" for (room, body), n in by_body.items() if n > 1]
    for post in ledger.acknowledged:
        row = row_of.get(post.key)
        if row is None:
            verdict.lost.append(f"{post.text!r} was acknowledged and is not stored")
        else:
            check_row(verdict, post, row)


def check_row(verdict: Verdict, post: Post, row: Row[Any]) -> None:
    if post.id is not None and post.id != row.id:
        verdict.doubled.append(f"{post.text!r} was acknowledged as message {post.id} and is {row.id}")
    if row.deleted_at is not None:
        if post.deleted is False:
            verdict.lost.append(f"{post.text!r} is deleted, and nobody asked for that")
    elif post.deleted:
        verdict.lost.append(f"the deletion of {post.text!r} was acknowledged and is not stored")
    elif row.body not in post.texts:
        verdict.lost.append(f"{post.text!r} says {row.body!r}, not one of {sorted(post.texts)}")


# -- what somebody was shown against the database


def check_reader(verdict: Verdict, reader: Reader, found: Sequence[Row[Any]]) -> None:
    truth = {row.id: Shown(text_of(row.html), row.revision) for row in found if row.deleted_at is None}
    shown = reader.log.messages
    verdict.lost += [f"{reader} lacks message {each}" for each in truth if each not in shown]
    verdict.doubled += [f"{reader} shows message {each}, which is not there" for each in shown if each not in truth]
    verdict.lost += [
        f"{reader} shows {shown[each]} as message {each}, not {truth[each]}"
        for each in truth
        if each in shown and shown[each] != truth[each]
    ]
    if list(shown) != sorted(shown):
        verdict.disordered.append(f"{reader} shows {list(shown)}")
    known = {row.id for row in found}
    verdict.doubled += [
        f"{reader} was shown message {each}, never stored" for each in reader.seen_at if each not in known
    ]
    for fault in reader.faults:
        (verdict.doubled if "twice" in fault else verdict.disordered).append(f"{reader}: {fault}")


def text_of(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", markup))
