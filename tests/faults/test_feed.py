"""A feed that is far behind, and events that overtake its reading of the store."""

import asyncio
from typing import Any

import pytest

from tests.faults.cluster import until
from webapp.domain.history import Changes
from webapp.sockets.feed import Feed
from webapp.templating import RenderedMessages

pytestmark = pytest.mark.anyio


def event(revision: int) -> dict[str, Any]:
    return {"type": "messages.changed", "revision": revision, "messages": []}


class Store:
    """Answers one question, when it is allowed to."""

    def __init__(self, answer: Changes) -> None:
        self.answer = answer
        self.allowed = asyncio.Event()
        self.asked = 0

    async def read(self, _room: int, _since: int) -> Changes:
        self.asked += 1
        await self.allowed.wait()
        return self.answer


@pytest.mark.parametrize(("events", "stands_at"), [(range(101, 451), 450), (range(101, 301), 400), ((), 400)])
async def test_a_new_page_never_leads_back(events: range, stands_at: int) -> None:
    """A gap makes it read; more than the window is missing, so the store says: the newest page, at revision 400."""
    store = Store(Changes(100, 400, [], reset=True))
    feed = Feed(1, store.read, RenderedMessages())
    feed.start(100)
    feed.check(400)
    await asyncio.sleep(0)
    for revision in events:
        feed.messages_changed(event(revision))
    store.allowed.set()
    await until(lambda: feed.catching_up is None, 20)
    assert store.asked == 1
    assert feed.cursor == stands_at


async def test_case_61_revisions_that_the_store_does_not_know_are_skipped(caplog: pytest.LogCaptureFixture) -> None:
    """Told before the reading began, they never happened; told while it is under way, they may have."""
    store = Store(Changes(100, 100, []))
    feed = Feed(1, store.read, RenderedMessages())
    feed.start(100)
    for revision in (105, 110, 2**52):
        feed.messages_changed(event(revision))
    await until(lambda: store.asked == 1, 20)
    feed.messages_changed(event(102))
    feed.messages_changed(event(104))
    store.answer = Changes(100, 101, [])
    store.allowed.set()
    await until(lambda: store.asked == 2 and feed.catching_up is None, 20)
    assert (feed.cursor, feed.early) == (102, {})
    assert len(caplog.records) == 1, "one line, however many there were"


async def test_case_61_a_store_that_knows_none_of_them_is_asked_once() -> None:
    store = Store(Changes(100, 100, []))
    store.allowed.set()
    feed = Feed(1, store.read, RenderedMessages())
    feed.start(100)
    feed.messages_changed(event(105))
    for _ in range(50):
        await asyncio.sleep(0)
    assert store.asked == 1
    assert feed.cursor == 100


async def test_a_log_that_is_shorter_than_it_was_is_believed() -> None:
    """Of a database that was restored: the store's word counts, not what was here."""
    store = Store(Changes(100, 40, [], reset=True))
    feed = Feed(1, store.read, RenderedMessages())
    feed.start(100)
    store.allowed.set()
    feed.catch_up()
    await until(lambda: feed.catching_up is None, 20)
    assert feed.cursor == 40
