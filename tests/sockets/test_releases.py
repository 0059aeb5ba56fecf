"""Case 59: events of other releases, as they are while processes are replaced one by one."""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from tests.factories import House
from tests.faults.cluster import until
from tests.pages import Log
from webapp.channel_layer.messages import decode, encode
from webapp.domain import messages, rooms
from webapp.domain.history import Changes
from webapp.settings import Limits
from webapp.sockets import shapes
from webapp.sockets.connection import Connection
from webapp.sockets.dispatch import Dispatcher
from webapp.sockets.feed import Feed
from webapp.store.messages import Message
from webapp.templating import RenderedMessages

pytestmark = pytest.mark.anyio

RECORDED = Path(__file__).parent / "recorded" / "without_names.json"
"""What was published by the last release that sent messages as lists: two posts, an edit, a deletion, a new name."""

Values = dict[str, Any]


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    made = House(database_url)
    yield made
    made.close()


class Reader:
    """One reader of room 1, whose feed may not ask the store."""

    def __init__(self) -> None:
        self.log = Log()
        self.frames: list[str] = []
        self.feed = Feed(1, self._read, RenderedMessages())
        self.feed.start(0)
        self.dispatcher = Dispatcher()
        self.feed.members.add(Connection({}, self._send, Limits()))

    async def _read(self, _room: int, _since: int) -> Changes:
        raise AssertionError("not asked")

    async def _send(self, event: Values) -> None:
        self.frames.append(event["text"])
        self.log.apply(event["text"])

    async def hears(self, *events: Values) -> None:
        for event in events:
            self.dispatcher.dispatch(decode(json.dumps(event).encode()), {self.feed}, "room.1")
            await until(lambda: not self.feed.flushing, 20)


def recorded() -> list[Values]:
    found: list[Values] = json.loads(RECORDED.read_text())
    return found


def by_name(revision: int = 1, **other: Any) -> Values:
    """A message posted with this revision, as it travels today; `other` values instead or besides."""
    values = dict(zip(shapes.POSITIONS, recorded()[0]["messages"][0], strict=True))
    message = values | {"revision": revision, "posted_revision": revision} | other
    return {"type": "messages.changed", "room": 1, "revision": revision, "messages": [message]}


async def test_case_59_events_of_the_last_release_are_understood(caplog: pytest.LogCaptureFixture) -> None:
    reader = Reader()
    one, two, edited, deleted, renamed = recorded()
    await reader.hears(one, two)
    assert reader.log.texts == ["one", "two & trois é"]
    await reader.hears(edited, deleted)
    assert reader.log.texts == ["due"]
    assert 'class="day"' in reader.frames[-1], "what the deleted one showed stands at the next"
    assert not caplog.records
    await reader.hears(renamed, renamed)
    assert reader.log.cursor == 4
    assert [each.getMessage() for each in caplog.records] == [
        "an event rooms.changed in room.1 was skipped: revision is not a whole number"
    ]


async def test_case_59_a_later_release_may_tell_more_and_an_older_one_less(caplog: pytest.LogCaptureFixture) -> None:
    reader = Reader()
    told = by_name(1, summary={"thumbs up": [1, 2]}, pinned_at=None)
    told["messages"][0].pop("edited_at")
    told["messages"][0].pop("deleted_at")
    await reader.hears(told | {"sender": "a name that this release does not know"})
    assert reader.log.texts == ["one"]
    assert 'class="edited"' not in reader.frames[-1]
    assert not caplog.records


@pytest.mark.parametrize("name", sorted(shapes.ESSENTIAL))
async def test_case_59_what_is_essential_must_be_there(name: str, caplog: pytest.LogCaptureFixture) -> None:
    reader, told = Reader(), by_name(1)
    told["messages"][0].pop(name)
    await reader.hears(told, told, told)
    assert not reader.frames
    assert [each.levelno for each in caplog.records] == [logging.WARNING], "one line, however many there were"
    await reader.hears(by_name(1))
    assert reader.log.texts == ["one"], "the right one is still heard"


async def test_case_59_events_that_nobody_knows_are_skipped(caplog: pytest.LogCaptureFixture) -> None:
    reader = Reader()
    unknown = {"type": "rooms.painted", "room": 1, "revision": 1}
    await reader.hears(unknown, unknown, by_name(1))
    assert reader.log.texts == ["one"]
    assert ["rooms.painted" in each.getMessage() for each in caplog.records] == [True]


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda house: house.post(house.admin, "<b> & é"), {field.name for field in fields(Message)}),
        (
            lambda house: house.do(rooms.change, house.admin, house.room, "Garden", "", "open"),
            {"name", "topic", "visibility", "community"},
        ),
    ],
    ids=["message", "room"],
)
def test_case_59_what_is_told_today_has_its_names(
    house: House, change: Callable[[House], Any], names: set[str]
) -> None:
    change(house)
    told = decode(encode(house.events[-1].values))
    assert names <= told["messages"][0].keys() if "messages" in told else names <= told.keys()


def test_case_59_a_message_is_the_same_at_the_other_end(house: House) -> None:
    posted = house.post(house.admin, "<b> & é")
    edited = house.do(messages.change, house.admin, posted.id, "x", "<p>x</p>")
    for message in (posted, edited):
        told = next(event.values for event in house.events if event.values.get("revision") == message.revision)
        assert shapes.messages(decode(encode(told)), house.room, message.revision) == [message]


@pytest.mark.parametrize(
    "extras",
    ["x", "[]", "7", "[" * 60_000, '{"reactions":7}', '{"reactions":[["a",1]]}', '{"reactions":[["a",-1,[]]]}',
     '{"reactions":[["a",true,[]]]}', '{"reactions":[["a",1,["b"]]]}', '{"reactions":[[{},1,[]]]}',
     '{"reactions":[["\\ud800",1,[]]]}', '{"names":[[1]]}', '{"names":[[1,2]]}', '{"x":"' + "x" * 200_000 + '"}'],
    ids=range(14),
)  # fmt: skip
async def test_case_62_what_hangs_on_a_message_is_checked(extras: str, caplog: pytest.LogCaptureFixture) -> None:
    reader = Reader()
    await reader.hears(by_name(1, extras=extras))
    assert not reader.frames
    assert [each.levelno for each in caplog.records] == [logging.WARNING]
    known = '{"reactions":[["a<b>",2,[7]]],"names":[[7,"<i>"]],"painted":[1]}'
    await reader.hears(by_name(1, extras=known))
    assert '<span class="name">&lt;i&gt;</span>' in reader.frames[-1]
