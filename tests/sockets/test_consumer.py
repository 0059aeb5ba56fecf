"""The base of every socket: its hooks, its handlers, and the rights that are read before any of them is called."""

import asyncio
import logging
import threading
from pathlib import Path

import pytest

from tests.sockets.inside import Process, Somebody, inside, remove_from
from webapp.domain import accounts
from webapp.domain.accounts import Actor
from webapp.domain.events import DOORS_GROUP, Event, Values
from webapp.domain.transaction import Transaction
from webapp.sockets.consumer import Consumer
from webapp.sockets.dispatch import Listener, command, handler
from webapp.sockets.room import RoomConsumer
from webapp.sockets.shapes import text, whole
from webapp.sockets.turns import Turns

pytestmark = pytest.mark.anyio


class Clock(Consumer):
    """Hears the group `clock`; what is called is in `log`."""

    groups = ("clock",)
    log: list[str]
    gate: asyncio.Event

    async def connect(self) -> None:
        assert self.actor is not None
        self.log = [f"connect {self.actor.display_name}"]
        self.gate = asyncio.Event()
        self.tell("hello")

    async def disconnect(self) -> None:
        self.log.append("disconnect")
        ENDED.append(self.log)

    @handler
    def clock_ticked(self, event: Values) -> None:
        self.tell(f"tick {whole(event, 'number')}")

    @handler
    async def clock_struck(self, event: Values) -> None:
        self.tell(f"begin {whole(event, 'number')}")
        await self.gate.wait()
        if whole(event, "number") == 13:
            raise RuntimeError("no such hour")
        self.tell(f"end {whole(event, 'number')}")

    @command
    def clock_wind(self, values: Values) -> None:
        self.gate.set()
        self.tell(f"wound {text(values, 'by')}")

    @command
    async def clock_follow(self, values: Values) -> None:
        await self.subscribe(f"clock.{text(values, 'city')}")


ENDED: list[list[str]] = []


def ticked(number: int, group: str = "clock") -> Event:
    return Event(group, {"type": "clock.ticked", "number": number})


def struck(number: int) -> Event:
    return Event("clock", {"type": "clock.struck", "number": number})


def publish(process: Process, *events: Event) -> None:
    process.shared.resources.work.publisher.tell(list(events))


async def test_it_is_called_from_connect_to_disconnect(tmp_path: Path) -> None:
    ENDED.clear()
    async with inside(tmp_path, ("/clock", Clock)) as process:
        ana = await process.set_up()
        here, there = process.open("/clock", ana), process.open("/clock", ana)
        for socket in (here, there):
            await socket.sees("hello")
        publish(process, ticked(1))
        for socket in (here, there):
            await socket.sees("tick 1")
        await there.leave()
        here.say('{"type":"clock.follow","city":"Lima"}')
        here.say('{"type":"clock.wind","by":"hand"}')
        await here.sees("wound hand")
        publish(process, ticked(2), ticked(3, "clock.Lima"))
        await here.sees("tick 3")
        assert not any("tick 2" in each for each in there.sent)
        here.say('{"type":"clock.ticked","number":4}')
        await here.sees("not known here")
        assert not any("tick 4" in each for each in here.sent), "a browser calls commands, no handlers"
        await here.leave()
        assert ENDED == [["connect Admin", "disconnect"]] * 2
        assert not {"clock", "clock.Lima"} & process.shared.hub.subscriptions.keys()
        assert not process.shared.roster.people


async def test_handlers_that_wait_run_one_after_another_and_stop_no_other_socket(tmp_path: Path) -> None:
    async with inside(tmp_path, ("/clock", Clock)) as process:
        ana = await process.set_up()
        here, there = process.open("/clock", ana), process.open("/clock", ana)
        for socket in (here, there):
            await socket.sees("hello")
        there.say('{"type":"clock.wind","by":"hand"}')
        await there.sees("wound")
        publish(process, struck(1), struck(2), ticked(3))
        await there.sees("end 2")
        await here.sees("tick 3")
        assert [each for each in here.sent if each[:5] in ("begin", "end 1", "end 2")] == ["begin 1"]
        here.say('{"type":"clock.wind","by":"hand"}')
        await here.sees("end 2")
        struck_here = [each for each in here.sent if each.startswith(("begin", "end"))]
        assert struck_here == ["begin 1", "end 1", "begin 2", "end 2"]


async def test_a_failed_handler_is_logged_and_the_next_one_runs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with inside(tmp_path, ("/clock", Clock)) as process:
        here = process.open("/clock", await process.set_up())
        await here.sees("hello")
        here.say('{"type":"clock.wind","by":"hand"}')
        publish(process, struck(13), struck(14))
        await here.sees("end 14")
        assert "no such hour" in caplog.text
        assert [each.levelno for each in caplog.records if "handler failed" in each.getMessage()] == [logging.ERROR]


async def test_too_many_waiting_events_close_the_socket_and_no_other(tmp_path: Path) -> None:
    async with inside(tmp_path, ("/clock", Clock)) as process:
        ana = await process.set_up()
        here, there = process.open("/clock", ana), process.open("/clock", ana)
        for socket in (here, there):
            await socket.sees("hello")
        there.say('{"type":"clock.wind","by":"hand"}')
        await there.sees("wound")
        for number in range(100, Turns.MOST + 102):
            publish(process, struck(number))
            await there.sees(f"end {number}")
        assert await here.closes() == 1013
        assert there.code is None


def test_a_handler_of_a_listener_that_is_no_consumer_cannot_wait() -> None:
    with pytest.raises(TypeError, match="async"):

        class Late(Listener):
            @handler
            async def rooms_changed(self, event: Values) -> None:
                """Nobody would wait for it."""


@pytest.mark.parametrize("path", ["/clock", "/clocks/0", "/clocks/x", "/clocks/1/2", "/nowhere"])
async def test_an_address_of_no_socket_is_refused(tmp_path: Path, path: str) -> None:
    async with inside(tmp_path, ("/clocks/{clock}", Clock)) as process:
        assert await process.open(path, await process.set_up()).closes() == 4404


async def test_without_a_session_no_hook_is_called(tmp_path: Path) -> None:
    ENDED.clear()
    async with inside(tmp_path, ("/clock", Clock)) as process:
        ana = await process.set_up()
        stranger = process.open("/clock")
        await stranger.sees("You are signed out")
        assert await stranger.closes() == 4401
        here = process.open("/clock", ana)
        await here.sees("hello")
        await process.do(accounts.end_session, ana.actor.session)
        assert await here.closes() == 4401
        assert ENDED == [["connect Admin", "disconnect"]]


# -- between the reading of the rights and the roster


class Held(RoomConsumer):
    """Its rights are read, and then the reading takes until `free` is set."""

    read = threading.Event()
    free = threading.Event()

    def rights(self, tx: Transaction, session: str) -> Actor:
        actor = super().rights(tx, session)
        self.read.set()
        assert self.free.wait(20)
        return actor


class Ear(Listener):
    """Hears on `doors` what the roster hears, in the same turn of the loop."""

    def __init__(self) -> None:
        self.heard = asyncio.Event()

    @handler
    def memberships_ended(self, _event: Values) -> None:
        self.heard.set()

    @handler
    def sessions_ended(self, _event: Values) -> None:
        self.heard.set()


async def remove(process: Process, room_id: int, admin: Somebody, person: Somebody) -> int:
    await process.do(remove_from(room_id, admin, person))
    return 4403


async def sign_out(process: Process, _room_id: int, _admin: Somebody, person: Somebody) -> int:
    await process.do(accounts.end_session, person.actor.session)
    return 4401


@pytest.mark.parametrize("end", [remove, sign_out])
async def test_a_right_that_ends_while_it_is_being_read_lets_nobody_in(tmp_path: Path, end: object) -> None:
    Held.read.clear()
    Held.free.clear()
    async with inside(tmp_path, ("/held/{room}", Held)) as process:
        admin = await process.set_up()
        bea = await process.person(admin, "Bea")
        room_id = await process.room(admin, bea)
        socket = process.open(f"/held/{room_id}?since=0", bea)
        await process.shared.hub.subscribe(DOORS_GROUP, ear := Ear())
        await asyncio.to_thread(Held.read.wait, 20)
        wanted = await end(process, room_id, admin, bea)  # type: ignore[operator]
        async with asyncio.timeout(20):
            await ear.heard.wait()
        Held.free.set()
        assert await socket.closes() == wanted
        await process.post(admin, room_id, "a secret")
        assert not any("a secret" in each or "cursor" in each for each in socket.sent)


async def test_a_sweep_that_finds_ended_rights_doubts_those_being_read(tmp_path: Path) -> None:
    """The event was lost: the count of ended rights in the database tells."""
    Held.read.clear()
    Held.free.clear()
    async with inside(tmp_path, ("/held/{room}", Held), SWEEP_SECONDS="3600") as process:
        admin = await process.set_up()
        bea = await process.person(admin, "Bea")
        room_id = await process.room(admin, bea)
        socket = process.open(f"/held/{room_id}?since=0", bea)
        await asyncio.to_thread(Held.read.wait, 20)
        database = process.shared.resources.work.database
        removing = remove_from(room_id, admin, bea)
        await database.write(lambda connection: removing(Transaction(connection)), lambda: None)
        await process.shared.roster.recheck()
        Held.free.set()
        assert await socket.closes() == 4403
