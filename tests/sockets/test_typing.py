"""Who is typing: who is told, how often, until when; and that nothing of it is stored."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.channel_layer.redis_server import RedisServer
from tests.sockets.inside import Process, Socket, Somebody, inside
from webapp.domain import events
from webapp.domain.events import Event, Values, room_group
from webapp.services.leases import Person, Place
from webapp.sockets import typing
from webapp.sockets.dispatch import Listener, handler
from webapp.sockets.typing import Typing, line

pytestmark = pytest.mark.anyio
START = '{"type":"typing.start"}'


class Ear(Listener):
    """Counts what goes to the channel layer in one room."""

    def __init__(self) -> None:
        self.heard: list[Values] = []
        self.probes: asyncio.Queue[Values] = asyncio.Queue()

    @handler
    def typing_started(self, event: Values) -> None:
        self.heard.append(event)

    @handler
    def tests_probed(self, event: Values) -> None:
        self.probes.put_nowait(event)


class Clock:
    """A listener's clock, moved by hand."""

    def __init__(self, listener: Typing) -> None:
        self.now = listener.clock()
        self.listener = listener
        listener.clock = lambda: self.now

    def move(self, seconds: float) -> None:
        self.now += seconds
        self.listener._look()


class Table:
    """A room with Ana, Bea and Cid at it, each with one socket."""

    def __init__(self, process: Process, room_id: int, people: list[Somebody]) -> None:
        self.process = process
        self.room_id = room_id
        self.people = people
        self.sockets: list[Socket] = []
        self.ear = Ear()

    async def sit_down(self) -> None:
        for person in self.people:
            socket = self.process.open(f"/rooms/{self.room_id}/live?since=0", person)
            await socket.sees('id="heartbeat"')
            self.sockets.append(socket)
        await self.process.shared.hub.subscribe(room_group(self.room_id), self.ear)
        self.clock = Clock(next(each for each in self.room.listeners if isinstance(each, Typing)))

    @property
    def room(self) -> Any:
        return self.process.shared.rooms.open[self.room_id]

    async def types(self, socket: Socket) -> None:
        """All that follows from it has happened when this returns: a later command is answered, a later event heard."""
        before = answers(socket)
        socket.say(START)
        socket.say('{"type":"nothing"}')
        async with asyncio.timeout(20), socket.changed:
            await socket.changed.wait_for(lambda: answers(socket) > before)
        probe = Event(room_group(self.room_id), {"type": "tests.probed"})
        self.process.shared.resources.work.publisher.tell([probe])
        async with asyncio.timeout(20):
            await self.ear.probes.get()


def answers(socket: Socket) -> int:
    return sum("not known here" in each for each in socket.sent)


def lines(socket: Socket) -> list[str]:
    """What it was told of who is typing, one after the other."""
    told = [each for each in socket.sent if 'id="typing"' in each]
    return [each.partition('aria-live="off">')[2].partition("<")[0] for each in told]


def table(check: Callable[[Table], Any]) -> Any:
    """A test that is given a table."""

    async def test(tmp_path: Path) -> None:
        async with inside(tmp_path) as process:
            ana = await process.set_up()
            people = [ana, await process.person(ana, "Bea"), await process.person(ana, "Cid")]
            made = Table(process, await process.room(*people), people)
            await made.sit_down()
            await check(made)

    test.__doc__ = check.__doc__
    return test


@table
async def test_everybody_else_is_told_the_same_bytes(at: Table) -> None:
    ana, bea, cid = at.sockets
    again = at.process.open(f"/rooms/{at.room_id}/live?since=0", at.people[0])
    elsewhere = at.process.open(f"/rooms/{await at.process.room(*at.people)}/live?since=0", at.people[1])
    for socket in (again, elsewhere):
        await socket.sees('id="heartbeat"')
    await at.types(ana)
    for socket in (bea, cid):
        await socket.sees("Admin is typing")
    assert bea.sent[-1] == cid.sent[-1]
    assert lines(ana) == lines(again) == lines(elsewhere) == []


@table
async def test_who_types_as_well_is_told_of_the_others(at: Table) -> None:
    ana, bea, cid = at.sockets
    await at.types(ana)
    await at.types(bea)
    await cid.sees("Admin and Bea are typing")
    await ana.sees("Bea is typing")
    await at.types(cid)
    await bea.sees("Admin and Cid are typing")
    assert lines(bea) == ["Admin is typing", "Admin and Cid are typing"]
    assert lines(cid) == ["Admin is typing", "Admin and Bea are typing"]


@table
async def test_it_ends_by_itself(at: Table) -> None:
    ana, bea, _ = at.sockets
    await at.types(ana)
    await bea.sees("Admin is typing")
    at.clock.move(typing.SHOWN_SECONDS - 0.1)
    assert lines(bea) == ["Admin is typing"]
    at.clock.move(0.2)
    assert lines(bea) == ["Admin is typing", ""]
    assert at.clock.listener.typists == {}
    assert lines(ana) == []


@table
async def test_one_event_in_three_seconds_however_many_windows(at: Table) -> None:
    again = at.process.open(f"/rooms/{at.room_id}/live?since=0", at.people[0])
    await again.sees('id="heartbeat"')
    for _ in range(5):
        await at.types(at.sockets[0])
        await at.types(again)
    assert len(at.ear.heard) == 1
    at.clock.move(typing.EVERY_SECONDS)
    await at.types(again)
    await at.types(at.sockets[0])
    assert len(at.ear.heard) == 2
    assert at.ear.heard[0] == {
        "type": "typing.started", "room": at.room_id, "user": at.people[0].id, "name": "Admin",
    }  # fmt: skip


@table
async def test_their_message_ends_it_at_once_and_a_late_command_does_not_bring_it_back(at: Table) -> None:
    ana, bea, cid = at.sockets
    await at.types(ana)
    await at.types(cid)
    await bea.sees("Admin and Cid are typing")
    await at.process.post(at.people[0], at.room_id, "hello")
    await bea.sees("hello")
    assert lines(bea)[-1] == lines(ana)[-1] == "Cid is typing"
    at.clock.move(typing.EVERY_SECONDS)
    await at.types(ana)
    assert len(at.ear.heard) == 2
    at.clock.move(typing.AFTER_MESSAGE_SECONDS - typing.EVERY_SECONDS + 0.1)
    await at.types(ana)
    assert len(at.ear.heard) == 3


@table
async def test_a_crowd_is_told_nothing(at: Table) -> None:
    presence = at.process.shared.resources.presence
    for number in range(typing.MOST_PEOPLE - 2):
        await presence.leases.hold([place(at.room_id, number)], 3600)
    await at.types(at.sockets[0])
    assert at.ear.heard == []
    await presence.leases.shorten(place(at.room_id, 0), -1)
    await presence.leases.expire()
    at.clock.move(typing.EVERY_SECONDS)
    await at.types(at.sockets[0])
    assert len(at.ear.heard) == 1


def place(room_id: int, number: int) -> Place:
    return Place(room_id, Person(1_000 + number, f"Somebody {number}"))


@pytest.mark.parametrize("values", [{"user": True}, {"name": None}, {"name": "x" * 201}, {"room": 10**6}, {"user": -1}])
async def test_an_event_that_makes_no_sense_is_skipped(tmp_path: Path, values: Values) -> None:
    async with inside(tmp_path) as process:
        ana = await process.set_up()
        at = Table(process, await process.room(ana), [ana])
        await at.sit_down()
        good = events.typing_started(at.room_id, 99, "Bea").values
        process.shared.hub.deliver(Event(room_group(at.room_id), good | values))
        assert lines(at.sockets[0]) == []
        process.shared.hub.deliver(Event(room_group(at.room_id), good))
        await at.sockets[0].sees("Bea is typing")


async def test_before_the_room_is_joined_nothing_is_told_and_nothing_refused(tmp_path: Path) -> None:
    async with inside(tmp_path) as process:
        ana = await process.set_up()
        socket = process.open(f"/rooms/{await process.room(ana)}/live", ana)
        socket.say(START)
        socket.say('{"since":"0"}')
        await socket.sees('id="heartbeat"')
        assert not any("not known" in each for each in socket.sent)


async def test_the_other_process_shows_it_and_counts_it(tmp_path: Path) -> None:
    redis = RedisServer(tmp_path).start()
    environ = {"REDIS_URL": redis.url, "SECRET_KEY": "k" * 32}
    try:
        async with inside(tmp_path, **environ) as one, inside(tmp_path, **environ) as two:
            ana = await one.set_up()
            bea = await one.person(ana, "Bea")
            room_id = await one.room(ana, bea)
            here, there = Table(one, room_id, [ana, bea]), Table(two, room_id, [ana, bea])
            await here.sit_down()
            await there.sit_down()
            await here.types(here.sockets[0])
            for table_ in (here, there):
                await table_.sockets[1].sees("Admin is typing")
            await there.types(there.sockets[0])
            assert len(here.ear.heard) == len(there.ear.heard) == 1
            assert lines(here.sockets[0]) == lines(there.sockets[0]) == []
    finally:
        redis.kill()


def test_the_line() -> None:
    assert [line(names) for names in ([], ["A"], ["A", "B"], ["A", "B", "C"])] == [
        "", "A is typing", "A and B are typing", "Several people are typing",
    ]  # fmt: skip
