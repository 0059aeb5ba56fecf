"""The feed against a real log, whatever order its events, readings and readers come in."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.factories import House
from tests.pages import PARTIAL, Log, messages_in
from webapp.domain import history, messages, rooms
from webapp.domain.history import Changes
from webapp.settings import Limits
from webapp.sockets import fragments
from webapp.sockets.connection import Connection
from webapp.sockets.feed import Feed


class Reader:
    """A page that was loaded, and the socket that leads it on."""

    def __init__(self, page: Changes) -> None:
        self.log = Log(page.head)
        self.log.messages = messages_in("".join(str(fragments.message_html(each)) for each in page.messages))
        self.since = page.head
        self.posted: list[int] = []
        self.connection = Connection({}, self._send, Limits(backlog_frames=10_000))

    async def _send(self, event: dict[str, Any]) -> None:
        if event["type"] == "websocket.send":
            self.log.apply(event["text"])
            for partial in PARTIAL.finditer(event["text"]):
                if partial["target"] == "#messages":
                    self.posted += messages_in(partial["html"])


class World:
    """One room of a house, its feed, and everything that is under way between them, moved on by hand."""

    def __init__(self, house: House, loop: asyncio.AbstractEventLoop) -> None:
        self.house = house
        self.loop = loop
        self.room: int = house.do(rooms.create, house.ana, "Room", "", "open")
        self.feed = Feed(self.room, self._read)
        self.untold: list[dict[str, Any]] = []
        self.told: list[dict[str, Any]] = []
        self.readings: list[tuple[int, asyncio.Future[Changes], list[Changes]]] = []
        self.readers: list[Reader] = []
        self.gone: list[Reader] = []
        self.ids: list[int] = []
        self.inside(lambda: self.feed.start(0))

    async def _read(self, _room: int, since: int) -> Changes:
        future = self.loop.create_future()
        self.readings.append((since, future, []))
        return await future

    def settle(self) -> None:
        """Let the loop turn until nothing more happens by itself."""
        for _ in range(8):
            self.loop.run_until_complete(asyncio.sleep(0))
        while self.feed.flushing:  # it rests between two fan-outs
            self.loop.run_until_complete(asyncio.sleep(self.feed.rested - time.perf_counter()))

    def changed(self, verb: Any, *args: Any) -> Any:
        before = len(self.house.events)
        result = self.house.do(verb, *args)
        self.untold += [event.values for event in self.house.events[before:]]
        return result

    def post(self) -> None:
        before = len(self.house.events)
        self.ids.append(self.house.post(self.house.admin, f"m{len(self.ids)}", self.room).id)
        self.untold += [event.values for event in self.house.events[before:]]

    def inside(self, call: Callable[[], None]) -> None:
        """In one turn of the loop."""

        async def run() -> None:
            call()

        self.loop.run_until_complete(run())

    def tell(self, *told: dict[str, Any]) -> None:
        self.told += told
        self.inside(lambda: [self.feed.messages_changed(event) for event in told] and None)

    def sweep(self) -> None:
        head = self.house.do(rooms.heads, [self.room])[self.room]
        self.inside(lambda: self.feed.check(head))

    def look(self, index: int) -> None:
        """The database takes the snapshot of a reading that is under way."""
        since, _, seen = self.readings[index]
        if not seen:
            seen.append(self.house.do(history.changes, self.room, since))

    def answer(self, index: int) -> None:
        self.look(index)
        _, future, seen = self.readings.pop(index)
        if not future.done():
            future.set_result(seen[0])

    def page(self) -> Changes:
        page = self.house.do(history.newest, self.room, 10_000)
        head = self.house.do(rooms.heads, [self.room])[self.room]
        return Changes(0, head, page.messages)

    def arrive(self, reader: Reader) -> None:
        self.readers.append(reader)
        self.loop.create_task(self.feed.join(reader.connection, reader.log.cursor))

    def leave(self, reader: Reader) -> None:
        self.readers.remove(reader)
        self.inside(lambda: self.feed.leave(reader.connection))
        self.inside(reader.connection.lost)

    def finish(self) -> None:
        """Everything under way ends, and one sweep finds what was never told."""
        for _ in range(50):
            self.settle()
            if not self.readings:
                self.sweep()
                self.settle()
                if not self.readings:
                    return
            self.answer(0)
        raise AssertionError("the feed reads for ever")

    def check(self) -> None:
        truth = messages_in("".join(str(fragments.message_html(each)) for each in self.page().messages))
        for reader in self.readers:
            assert reader.log.messages == truth
            assert list(reader.log.messages) == list(truth)
            assert len(reader.posted) == len(set(reader.posted)), "a message was shown to a reader twice"
            assert reader.log.cursor == self.feed.cursor


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("feed")
    made = House(f"sqlite:///{folder / 'x.db'}")
    yield made
    made.close()


@pytest.fixture
def world(house: House) -> Iterator[World]:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield World(house, loop)
    close(loop)


def close(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


def test_in_order(world: World) -> None:
    world.arrive(Reader(world.page()))
    world.settle()
    for _ in range(3):
        world.post()
        world.tell(world.untold.pop(0))
        world.settle()
    assert not world.readings, "nothing had to be read"
    world.check()
    assert len(world.readers[0].log.messages) == 3


def test_a_burst_leaves_as_one_frame(world: World) -> None:
    reader = Reader(world.page())
    frames: list[str] = []

    async def record(event: dict[str, Any]) -> None:
        frames.append(event["text"])
        await Reader._send(reader, event)

    reader.connection.door.send = record
    world.arrive(reader)
    world.settle()
    for _ in range(40):
        world.post()
    world.tell(*world.untold)
    world.settle()
    assert len(frames) == 1
    world.check()


def test_a_duplicate_is_dropped(world: World) -> None:
    world.arrive(Reader(world.page()))
    world.settle()
    world.post()
    for _ in range(3):
        world.tell(world.untold[0])
        world.settle()
    assert not world.readings
    world.check()


def test_a_gap_is_read_from_the_store(world: World) -> None:
    world.arrive(Reader(world.page()))
    world.settle()
    for _ in range(3):
        world.post()
    world.tell(world.untold[2])
    world.settle()
    assert [since for since, _, _ in world.readings] == [0]
    world.answer(0)
    world.settle()
    assert not world.readings
    world.check()


def test_reordered_events_come_out_in_order(world: World) -> None:
    world.arrive(Reader(world.page()))
    world.settle()
    for _ in range(3):
        world.post()
    for number in (1, 2, 0):
        world.tell(world.untold[number])
        world.settle()
    world.check()
    world.finish()
    world.check()


def test_a_lost_tail_is_found_by_the_sweep(world: World) -> None:
    world.arrive(Reader(world.page()))
    world.settle()
    world.post()
    world.settle()
    assert world.readers[0].log.messages == {}
    world.finish()
    world.check()


def test_what_comes_while_a_replay_is_read_is_kept(world: World) -> None:
    page = Reader(world.page())
    for _ in range(2):
        world.post()
        world.tell(world.untold[-1])
        world.settle()
    world.arrive(page)
    world.settle()
    world.look(0)  # the snapshot is taken here, and the answer is long in coming
    world.post()
    world.tell(world.untold[-1])
    world.settle()
    late = Reader(Changes(0, 0, []))
    world.arrive(late)  # shares the reading, whose snapshot is older than its coming
    world.settle()
    assert len(world.readings) == 1
    world.answer(0)
    world.settle()
    world.check()


def test_posted_and_edited_and_deleted_in_one_turn(world: World) -> None:
    world.arrive(Reader(world.page()))
    world.settle()
    for _ in range(3):
        world.post()
    world.changed(messages.change, world.house.admin, world.ids[0], "x", "<p>x</p>")
    world.changed(messages.remove, world.house.admin, world.ids[1])
    world.tell(*world.untold)
    world.settle()
    world.check()


class FeedMachine(RuleBasedStateMachine):
    """Commits, losses, repetitions, late readings and comings and goings, in any order that can be thought of."""

    house: House

    @initialize()
    def open(self) -> None:
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        self.world = World(self.house, self.loop)

    @rule()
    def post(self) -> None:
        self.world.post()

    @precondition(lambda self: self.world.ids)
    @rule(pick=st.integers(0), what=st.booleans())
    def change(self, pick: int, what: bool) -> None:
        message = self.world.ids[pick % len(self.world.ids)]
        if what:
            self.world.changed(messages.change, self.house.admin, message, "e", f"<p>edited {pick}</p>")
        else:
            self.world.ids.remove(message)
            self.world.changed(messages.remove, self.house.admin, message)

    @precondition(lambda self: self.world.untold)
    @rule(pick=st.integers(0))
    def tell_one(self, pick: int) -> None:
        self.world.tell(self.world.untold.pop(pick % len(self.world.untold)))

    @precondition(lambda self: self.world.untold)
    @rule()
    def tell_next(self) -> None:
        self.world.tell(self.world.untold.pop(0))

    @precondition(lambda self: self.world.untold)
    @rule(pick=st.integers(0))
    def lose(self, pick: int) -> None:
        self.world.untold.pop(pick % len(self.world.untold))

    @precondition(lambda self: self.world.told)
    @rule(pick=st.integers(0))
    def tell_again(self, pick: int) -> None:
        self.world.tell(self.world.told[pick % len(self.world.told)])

    @precondition(lambda self: self.world.readings)
    @rule(pick=st.integers(0))
    def look(self, pick: int) -> None:
        self.world.look(pick % len(self.world.readings))

    @precondition(lambda self: self.world.readings)
    @rule(pick=st.integers(0))
    def answer(self, pick: int) -> None:
        self.world.answer(pick % len(self.world.readings))

    @rule()
    def load_page(self) -> None:
        self.world.gone.append(Reader(self.world.page()))

    @precondition(lambda self: self.world.gone)
    @rule(pick=st.integers(0))
    def arrive(self, pick: int) -> None:
        self.world.arrive(self.world.gone.pop(pick % len(self.world.gone)))

    @precondition(lambda self: self.world.readers)
    @rule(pick=st.integers(0))
    def leave_and_come_back(self, pick: int) -> None:
        reader = self.world.readers[pick % len(self.world.readers)]
        self.world.leave(reader)
        reader.connection = Connection({}, reader._send, Limits(backlog_frames=10_000))
        self.world.gone.append(reader)

    @rule()
    def sweep(self) -> None:
        self.world.sweep()

    @rule()
    def turn(self) -> None:
        self.world.settle()

    @invariant()
    def cursors_never_pass_the_log(self) -> None:
        assert self.world.feed.base <= self.world.feed.cursor
        assert self.world.feed.cursor <= self.house.do(rooms.heads, [self.world.room])[self.world.room]

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.finish()
            self.world.check()
            close(self.loop)


def test_whatever_happens_everybody_has_the_same_list(house: House) -> None:
    FeedMachine.house = house
    run_state_machine_as_test(
        FeedMachine,
        settings=settings(
            max_examples=120, stateful_step_count=40, deadline=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
