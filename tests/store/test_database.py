"""The threads of the database: shared COMMITs, one person's failure, and migrations that run once."""

import asyncio
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event, text

from webapp.store.database import Database, Unavailable
from webapp.store.engine import migrate, migrated, open_engine
from webapp.store.schema import metadata

pytestmark = pytest.mark.anyio


def nothing() -> None:
    """Nobody is told."""


@pytest.fixture
async def database(database_url: str):  # type: ignore[no-untyped-def]
    migrate(database_url)
    opened = Database(database_url)
    yield opened
    await opened.close()


def add(connection, name):  # type: ignore[no-untyped-def]
    connection.execute(
        text("INSERT INTO rooms (name, visibility, created_at) VALUES (:name, 'open', 0)"), {"name": name}
    )
    return name


def names(connection):  # type: ignore[no-untyped-def]
    return [row[0] for row in connection.execute(text("SELECT name FROM rooms ORDER BY id"))]


async def test_writers_are_answered_after_their_commit(database: Database) -> None:
    told: list[str] = []
    wanted = [f"room {number}" for number in range(50)]
    jobs = [database.write(lambda c, n=name: add(c, n), lambda n=name: told.append(n)) for name in wanted]
    assert await asyncio.gather(*jobs) == wanted
    assert sorted(await database.read(names)) == sorted(wanted)
    assert sorted(told) == sorted(wanted)


async def test_one_failure_is_one_persons(database: Database) -> None:
    def fail(connection):  # type: ignore[no-untyped-def]
        add(connection, "half done")
        raise ValueError("no")

    told: list[str] = []
    jobs = [database.write(fail, lambda: told.append("failed"))]
    jobs += [database.write(lambda c, n=f"{n}": add(c, n), nothing) for n in range(20)]
    jobs += [database.write(fail, lambda: told.append("failed"))]
    done = await asyncio.gather(*jobs, return_exceptions=True)
    assert [type(each).__name__ for each in done if isinstance(each, Exception)] == ["ValueError"] * 2
    assert sorted(await database.read(names), key=int) == [str(n) for n in range(20)]
    assert told == []


async def test_a_caller_that_gave_up_does_not_stop_the_others(database: Database) -> None:
    told: list[str] = []
    begun, gone = threading.Event(), threading.Event()

    def slow(connection):  # type: ignore[no-untyped-def]
        begun.set()
        gone.wait(20)
        return add(connection, "kept")

    task = asyncio.ensure_future(database.write(slow, lambda: told.append("kept")))
    await asyncio.to_thread(begun.wait, 20)
    task.cancel()
    gone.set()
    await asyncio.wait([task])
    await database.write(lambda c: add(c, "after"), nothing)
    assert sorted(await database.read(names)) == ["after", "kept"]
    assert told == ["kept"], "what was committed is told, whoever has gone"


async def test_sqlite_shares_commits(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    migrate(url)
    database = Database(url)
    counted: Counter[str] = Counter()
    event.listen(database.writing, "commit", lambda connection: counted.update(["commit"]))
    try:
        await asyncio.gather(*(database.write(lambda c, n=str(n): add(c, n), nothing) for n in range(200)))
        assert len(await database.read(names)) == 200
        assert counted["commit"] <= 50, counted
    finally:
        await database.close()


async def test_readers_cannot_write(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    migrate(url)
    database = Database(url)
    try:
        with pytest.raises(Unavailable):
            await database.read(lambda c: add(c, "by a reader"))
    finally:
        await database.close()


async def test_nobody_sees_database_is_locked(tmp_path: Path) -> None:
    """Case 43: two processes' worth of writers on one file, fifty at a time."""
    url = f"sqlite:///{tmp_path / 'x.db'}"
    migrate(url)
    one, two = Database(url), Database(url)
    try:
        await asyncio.gather(
            *(each.write(lambda c, n=str(n): add(c, n), nothing) for n in range(50) for each in (one, two)),
            *(each.read(names) for _ in range(50) for each in (one, two)),
        )
        assert len(await one.read(names)) == 100
    finally:
        await one.close()
        await two.close()


def test_the_migrations_make_the_schema(database_url: str) -> None:
    migrate(database_url)
    migrate(database_url)
    engine = open_engine(database_url)
    with engine.connect() as connection:
        assert migrated(connection)
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_two_processes_that_start_together_migrate_once(database_url: str) -> None:
    """Case 45."""
    code = "import sys; from webapp.store.engine import migrate; migrate(sys.argv[1])"
    root = Path(__file__).resolve().parents[2]
    started = [
        subprocess.Popen([sys.executable, "-c", code, database_url], cwd=root, stderr=subprocess.PIPE) for _ in range(4)
    ]
    for process in started:
        _, error = process.communicate(timeout=60)
        assert process.returncode == 0, error.decode()
    engine = open_engine(database_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar_one() == 1
        assert connection.execute(text("SELECT count(*) FROM installation")).scalar_one() == 1
    engine.dispose()
