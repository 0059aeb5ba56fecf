"""Sockets that open together share a transaction, and each gets its own answer."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.sockets.inside import inside, remove_from
from webapp.domain.errors import NotFound, SignedOut
from webapp.sockets import admissions, attendance
from webapp.sockets.admissions import Admissions
from webapp.sockets.room import RoomConsumer
from webapp.store.database import Unavailable

pytestmark = pytest.mark.anyio


class Counting:
    """Reads by a real unit of work, and counts; `away` as if the database did not answer."""

    def __init__(self, work: Any) -> None:
        self.work = work
        self.count = 0
        self.away = False
        self.begun = asyncio.Event()

    async def read(self, rule: Callable[..., Any], *args: Any) -> Any:
        self.count += 1
        self.begun.set()
        if self.away:
            await asyncio.sleep(0)
            raise Unavailable("away", 1)
        return await self.work.read(rule, *args)


def rights(room_id: int) -> Any:
    consumer = RoomConsumer.__new__(RoomConsumer)
    consumer.room_id = room_id
    return consumer.rights


async def test_who_comes_together_is_read_together_and_answered_apart(tmp_path: Path) -> None:
    async with inside(tmp_path) as process:
        ana = await process.set_up()
        bea = await process.person(ana, "Bea")
        room_id = await process.room(ana, bea)
        await process.do(remove_from(room_id, ana, bea))
        work = Counting(process.shared.resources.work)
        asked = Admissions(work)  # type: ignore[arg-type]
        sessions = [ana.actor.session, bea.actor.session, "nobody's"] * 100
        found = await asyncio.gather(
            *(asked.read(rights(room_id), session) for session in sessions), return_exceptions=True
        )
        assert [type(each) for each in found] == [type(ana.actor), NotFound, SignedOut] * 100
        assert {each.id for each in found[::3]} == {ana.id}  # type: ignore[union-attr]
        assert work.count == 3, f"{len(sessions)} in transactions of {admissions.MOST}"
        assert asked.reading is None


async def test_what_is_asked_while_one_is_read_is_read_afterwards(tmp_path: Path) -> None:
    """A right that ended before the question is never found in the reading that had begun before it."""
    async with inside(tmp_path) as process:
        ana = await process.set_up()
        room_id = await process.room(ana)
        work = Counting(process.shared.resources.work)
        asked = Admissions(work)  # type: ignore[arg-type]
        first = asyncio.create_task(asked.read(rights(room_id), ana.actor.session))
        await work.begun.wait()
        second = asyncio.create_task(asked.read(rights(room_id), ana.actor.session))
        assert (await first, await second) == (ana.actor, ana.actor)
        assert work.count == 2


async def test_nobody_waits_for_a_second_deadline_while_the_database_is_away(tmp_path: Path) -> None:
    async with inside(tmp_path) as process:
        ana = await process.set_up()
        room_id = await process.room(ana)
        work = Counting(process.shared.resources.work)
        work.away = True
        asked = Admissions(work)  # type: ignore[arg-type]
        every = [asked.read(rights(room_id), ana.actor.session) for _ in range(admissions.MOST * 3)]
        found = await asyncio.gather(*every, return_exceptions=True)
        assert {type(each) for each in found} == {Unavailable}
        assert work.count == 1
        work.away = False
        assert await asked.read(rights(room_id), ana.actor.session) == ana.actor


async def test_a_crowd_shares_the_list_of_who_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attendance, "FRESH_SECONDS", 3600.0)
    async with inside(tmp_path) as process:
        ana = await process.set_up()
        people = [await process.person(ana, f"Somebody{number}") for number in range(40)]
        room_id = await process.room(ana, *people)
        reads = 0
        here = process.shared.resources.presence.here

        async def counted(room: int) -> Any:
            nonlocal reads
            reads += 1
            return await here(room)

        monkeypatch.setattr(process.shared.resources.presence, "here", counted)
        sockets = [process.open(f"/rooms/{room_id}/live?since=0", person) for person in people]
        for socket in sockets:
            await socket.sees('id="heartbeat"')
        await sockets[0].sees("40 people came or went")
        assert reads <= attendance.CROWD + 3
        for person in people:
            await sockets[0].sees(f'id="here-{person.id}"')
