"""Case 65 in the database's threads: who has gone is not served, and nobody waits beyond their deadline."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from webapp.store.database import Database, Unavailable
from webapp.store.engine import migrate

pytestmark = pytest.mark.anyio
SECONDS = 1.0


def nothing() -> None:
    """Nobody is told."""


def add(name: str) -> Callable[[Connection], str]:
    def verb(connection: Connection) -> str:
        connection.execute(text("INSERT INTO rooms (name, visibility, created_at) VALUES (:n, 'open', 0)"), {"n": name})
        return name

    return verb


def names(connection: Connection) -> list[str]:
    return [row[0] for row in connection.execute(text("SELECT name FROM rooms ORDER BY id"))]


class Standstill:
    """A verb that keeps its thread until it is let go."""

    def __init__(self) -> None:
        self.begun, self.over = threading.Event(), threading.Event()

    def __call__(self, connection: Connection) -> None:
        self.begun.set()
        assert self.over.wait(60)
        add("after the standstill")(connection)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """With one writer."""
    url = f"sqlite:///{tmp_path / 'x.db'}"
    migrate(url)
    opened = Database(url, seconds=SECONDS)
    yield opened
    await opened.close()


@pytest.fixture
async def standing(database: Database) -> AsyncIterator[Standstill]:
    """The writer has come to a stop, and who brought it there waits."""
    still = Standstill()
    task = asyncio.ensure_future(database.write(still, nothing))
    await asyncio.to_thread(still.begun.wait, 20)
    yield still
    still.over.set()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_nobody_waits_for_is_not_run(database: Database, standing: Standstill) -> None:
    database.writers.seconds = 60.0  # no deadline of this test's is near
    told: list[str] = []
    gone = [asyncio.ensure_future(database.write(add(f"{n}"), lambda: told.append("gone"))) for n in range(500)]
    await asyncio.sleep(0)
    for task in gone:
        task.cancel()
    staying = asyncio.ensure_future(database.write(add("stays"), lambda: told.append("stays")))
    await asyncio.sleep(0)
    standing.over.set()
    assert await staying == "stays"
    assert await database.read(names) == ["after the standstill", "stays"]
    assert told == ["stays"]


async def test_who_waits_is_told_so_at_the_deadline_and_what_had_not_begun_is_not_run(
    database: Database, standing: Standstill
) -> None:
    waiting = [asyncio.ensure_future(database.write(add(f"{n}"), nothing)) for n in range(20)]
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(answer) for answer in answers} == {Unavailable}
    standing.over.set()
    assert await database.write(names, nothing) == ["after the standstill"], "what had begun is committed"


async def test_what_has_begun_is_answered_at_the_deadline_and_told_once_it_is_committed(database: Database) -> None:
    still, told = Standstill(), asyncio.Event()
    with pytest.raises(Unavailable):
        await database.write(still, told.set)
    assert not told.is_set()
    still.over.set()
    await asyncio.wait_for(told.wait(), 20)
    assert await database.read(names) == ["after the standstill"]


async def test_nobody_is_let_wait_for_what_stands_still(database: Database, standing: Standstill) -> None:
    patient = asyncio.ensure_future(database.write(add("patient"), nothing))
    await asyncio.sleep(SECONDS * 0.6)
    queued = database.writers.jobs.qsize()
    for _ in range(100):
        with pytest.raises(Unavailable) as refused:
            await database.write(add("hopeless"), nothing)
        assert refused.value.retry_after == SECONDS
    assert not patient.done(), "they were not let wait at all"
    assert database.writers.jobs.qsize() == queued
    standing.over.set()
    assert await patient == "patient"
    assert await database.write(add("again"), nothing) == "again"


async def test_nobody_is_let_wait_behind_more_than_can_be_done_in_time(
    database: Database, standing: Standstill
) -> None:
    database.writers.each = 0.1
    waiting = [asyncio.ensure_future(database.write(add(f"{n}"), nothing)) for n in range(10)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await database.write(add("hopeless"), nothing)
    standing.over.set()
    assert len(await asyncio.gather(*waiting)) == 10


async def test_the_queue_is_bounded(database: Database, standing: Standstill) -> None:
    database.writers.most = 100
    waiting = [asyncio.ensure_future(database.write(add(f"{n}"), nothing)) for n in range(101)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await waiting[100]
    assert database.writers.jobs.qsize() == 100
    standing.over.set()
    assert len(await asyncio.gather(*waiting[:100])) == 100
