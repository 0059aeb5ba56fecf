"""The feed against a real log, whatever order its events, readings and readers come in."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

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
from tests.sockets.feed_world import Reader, World, close
from webapp.domain import messages, rooms
from webapp.settings import Limits
from webapp.sockets.connection import Connection


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("feed")
    made = House(f"sqlite:///{folder / 'x.db'}")
    yield made
    made.close()


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

    @rule(number=st.integers(0, 9))
    def rename(self, number: int) -> None:
        self.world.rename(f"Room {number}")

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
