"""The feed against a real log: its events in order, in bursts and in gaps, and its readers' replays."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.factories import House
from tests.sockets.feed_world import Reader, World, close
from webapp.domain import history, messages
from webapp.domain.history import Changes


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

    reader.connection.outlet.send = record
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
    late = Reader(Changes(0, 0, [], world.page().room))
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


def test_case_55_a_change_of_the_room_has_its_turn_among_its_messages(world: World) -> None:
    reader = Reader(world.page())
    frames: list[str] = []

    async def record(event: dict[str, Any]) -> None:
        frames.append(event["text"])
        await Reader._send(reader, event)

    reader.connection.outlet.send = record
    world.arrive(reader)
    world.post()
    world.rename("Garden")
    world.post()
    world.settle()
    world.tell(world.untold[1])
    world.settle()
    assert not frames, "the change before it has not come"
    world.tell(world.untold[0])
    world.settle()
    assert (reader.log.name, reader.log.title, reader.log.cursor) == ("Garden", "Garden · Casa", 2)
    world.tell(world.untold[2], world.untold[1])
    world.finish()
    world.check()
    assert len([frame for frame in frames if "Garden" in frame]) == 1, "told once"


def test_case_55_who_was_away_is_told_the_rooms_name_if_it_has_changed(world: World) -> None:
    before = Reader(world.page())
    world.rename("Garden")
    after = Reader(world.page())
    world.post()
    world.finish()
    world.arrive(before)
    world.arrive(after)
    world.finish()
    world.check()
    assert (before.log.title, after.log.title) == ("Garden · Casa", ""), "who has seen it is not told again"


def test_case_55_a_rename_that_was_not_told_is_found_by_the_sweep(world: World) -> None:
    reader = Reader(world.page())
    world.arrive(reader)
    world.settle()
    world.rename("Garden")
    world.settle()
    assert reader.log.name == "Room"
    world.finish()
    world.check()
    assert reader.log.name == "Garden"


@pytest.mark.parametrize("stays", [True, False], ids=["who stays", "who comes back"])
def test_case_55_a_page_that_is_put_anew_brings_the_name_along(world: World, stays: bool) -> None:
    reader = Reader(world.page())
    if stays:
        world.arrive(reader)
        world.settle()
    world.rename("Garden")
    for _ in range(history.WINDOW + 1):
        world.post()
    if not stays:
        world.arrive(reader)
    world.finish()
    assert reader.log.name == "Garden"
    assert (reader.log.cursor, len(reader.log.messages)) == (history.WINDOW + 2, history.PAGE)


def test_case_55_a_name_that_waits_for_its_turn_outlives_a_page_that_is_put_anew(world: World) -> None:
    reader = Reader(world.page())
    world.arrive(reader)
    world.settle()
    world.rename("Garden")
    for _ in range(history.WINDOW + 1):
        world.post()
    world.feed.rested = time.perf_counter() + 2  # as after a large fan-out: what is told now waits
    world.tell(world.untold[0])
    world.sweep()
    while not world.readings:
        world.inside(lambda: None)
    assert world.feed.flushing
    world.answer(0)
    world.finish()
    assert reader.log.name == "Garden"
