"""Which methods events can call, and what becomes of events that have none or that do not fit."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.app import CommunityWatcher
from webapp.domain.events import Values
from webapp.domain.history import Changes
from webapp.settings import Limits
from webapp.sockets import shapes
from webapp.sockets.attendance import Attendance
from webapp.sockets.consumer import Consumer
from webapp.sockets.dispatch import Dispatcher, Listener, handler
from webapp.sockets.feed import Feed
from webapp.sockets.room import RoomConsumer
from webapp.sockets.roster import Roster
from webapp.sockets.shapes import Malformed
from webapp.sockets.typing import Typing
from webapp.store.messages import Message
from webapp.store.rooms import Facts
from webapp.templating import RenderedMessages

ALL = {
    Feed: {"messages_changed", "rooms_changed"},
    Attendance: {"presence_changed", "presence_renewed"},
    Typing: {"typing_started", "messages_changed"},
    Consumer: {"sessions_ended"},
    RoomConsumer: {"sessions_ended", "memberships_ended"},
    Roster: {"sessions_ended", "memberships_ended"},
    CommunityWatcher: {"community_changed"},
}


class Ear(Listener):
    def __init__(self) -> None:
        self.heard: list[Values] = []

    @handler
    def rooms_changed(self, event: Values) -> None:
        shapes.whole(event, "room")
        self.heard.append(event)

    @handler
    def rooms_burnt(self, event: Values) -> None:
        raise RuntimeError("fire")

    def start(self, event: Values) -> None:
        raise AssertionError("never called")


class Deaf(Ear):
    def rooms_changed(self, event: Values) -> None:
        """Not marked, so not called."""
        raise AssertionError("never called")


@pytest.mark.parametrize("listener", ALL, ids=lambda kind: kind.__name__)
def test_case_62_nothing_but_the_handlers_can_be_called(listener: type[Listener]) -> None:
    assert set(listener.handlers) == ALL[listener]


@pytest.mark.parametrize("method", ["start", "say", "leave", "join", "check", "catch_up", "__init__", "_flush"])
def test_case_62_a_type_that_names_another_method_calls_nothing(method: str, caplog: pytest.LogCaptureFixture) -> None:
    async def read(_room: int, _since: int) -> Changes:
        raise AssertionError("not asked")

    feed = Feed(1, read, RenderedMessages())
    before = {name: repr(value) for name, value in vars(feed).items()}
    assert callable(getattr(feed, method))
    Dispatcher().dispatch({"type": method, "revision": 1}, {feed}, "room.1")
    assert {name: repr(value) for name, value in vars(feed).items()} == before
    assert len(caplog.records) == 1


def test_an_event_calls_its_handler_on_each_that_has_it() -> None:
    ears = [Ear(), Ear()]
    Dispatcher().dispatch({"type": "rooms.changed", "room": 1}, [*ears, Deaf()], "room.1")
    assert [len(each.heard) for each in ears] == [1, 1]


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({"type": "rooms.painted"}, "rooms.painted"),
        ({"type": "no such type!" * 100}, "no such type!"),
        ({"type": "rooms.changed"}, "room is not a whole number"),
        ({"type": "rooms.burnt"}, "failed"),
    ],
    ids=["unknown", "no type", "malformed", "failing"],
)
def test_case_59_what_cannot_be_handled_is_told_once_and_skipped(
    event: Values, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    ear, dispatcher = Ear(), Dispatcher()
    for _ in range(1_000):
        dispatcher.dispatch(event, {ear}, "room.1")
    dispatcher.dispatch({"type": "rooms.changed", "room": 1}, {ear}, "room.1")
    assert len(ear.heard) == 1
    assert [(each.levelno, says in each.getMessage()) for each in caplog.records] == [(logging.WARNING, True)]
    assert len(caplog.text.split("Traceback")[0]) < 400


# -- shapes

MESSAGE = Message(1, 7, 2, "Ana", "<p>a</p>", 10, 0, False, True, 3, 3, None, None)
NAMED = {name: getattr(MESSAGE, name) for name in shapes.POSITIONS}
LISTED = list(NAMED.values())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=14) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def read(values: Any) -> list[Message]:
    return shapes.messages({"type": "messages.changed", "messages": values}, 7, 3)


def test_a_message_is_read_as_it_was_told() -> None:
    assert read([NAMED, NAMED | {"unknown": [1]}, LISTED]) == [MESSAGE] * 3


@given(JSON)
def test_whatever_else_is_malformed(values: Any) -> None:
    for each in (values, [values], [[*LISTED[:-1], values]], [NAMED | {"deleted_at": values}]):
        try:
            found = read(each)
        except Malformed:
            continue
        assert found in ([], [replace(MESSAGE, deleted_at=values)])


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": True}, {"id": -1}, {"id": 2**53}, {"room_id": 8}, {"revision": 4}, {"utc_offset": 10**9},
        {"created_at": 10**18}, {"html": "\ud800"}, {"author_name": None}, {"deleted_at": "now"}, {"opens_day": 1},
    ],
    ids=repr,
)  # fmt: skip
def test_a_message_with_a_wrong_value_is_malformed(wrong: dict[str, Any]) -> None:
    for values in (NAMED | wrong, list((NAMED | wrong).values())):
        with pytest.raises(Malformed):
            read([values])


@pytest.mark.parametrize("values", [[NAMED] * 101, [LISTED[:-1]], [[*LISTED, 1]], [{}], [{"id": 1}], [{7: 1}], NAMED])
def test_too_many_and_too_few_are_malformed(values: Any) -> None:
    with pytest.raises(Malformed):
        read(values)


ROOM = {"room": 7, "name": "Garden", "topic": "", "visibility": "open", "community": "Casa"}


@pytest.mark.parametrize("wrong", [{}, {"room": 8}, {"name": 1}, {"topic": None}, {"visibility": 1}, {"community": []}])
def test_a_room_is_read_as_it_was_told(wrong: dict[str, Any]) -> None:
    told = {"type": "rooms.changed", "revision": 3} | ROOM | wrong
    if not wrong:
        assert shapes.facts(told, 7, 3) == [Facts(7, "Garden", "", "open", "Casa", 3)]
        return
    for each in (told, {name: value for name, value in told.items() if name not in wrong}):
        with pytest.raises(Malformed):
            shapes.facts(each, 7, 3)


@pytest.mark.parametrize(
    ("reader", "good", "bad"),
    [
        (shapes.whole, [0, 7, 2**53 - 1], [None, "7", 7.0, True, -1, 2**53]),
        (shapes.flag, [True, False], [None, 0, 1, "true"]),
        (shapes.text, ["", "é" * 200], [None, 7, ["x"], "x" * 201, "\ud800"]),
    ],
)
def test_a_value_is_what_it_must_be(reader: Callable[[Values, str], Any], good: list[Any], bad: list[Any]) -> None:
    assert [reader({"type": "x", "it": value}, "it") for value in good] == good
    for value in bad:
        with pytest.raises(Malformed, match="it is"):
            reader({"type": "x", "it": value}, "it")
    with pytest.raises(Malformed):
        reader({"type": "x"}, "it")


@pytest.mark.parametrize("event", [{"user": "evil"}, {"user": 1}, {"user": [1], "session": "x", "room": 1}, {}])
def test_whoever_is_named_wrongly_loses_no_right(event: Values) -> None:
    roster = Roster(Limits(), lambda events: None)
    for kind in roster.handlers:
        with pytest.raises(Malformed):
            roster.handlers[kind](roster, event)
