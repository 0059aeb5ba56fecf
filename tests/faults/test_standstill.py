"""Case 65: PostgreSQL stands still, as behind a disk or a wire that does, while many ask and go away again."""

import asyncio
import logging
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import text

from tests.faults.cluster import Cluster, Town, send_to_all, until
from tests.faults.posters import Ledger, Poster
from tests.people import HTMX, Person, fresh_key
from tests.postgres import Postgres
from webapp.store.database import Database, Unavailable
from webapp.store.engine import migrate, open_engine

pytestmark = pytest.mark.anyio
POOL = 5
ABANDONED = 500
SECONDS = 2
HONEST = 12


@contextmanager
def standing_still(server: Postgres) -> Iterator[None]:
    """It is there for the kernel, which takes what is sent to it, and it does not answer."""
    assert server.process is not None
    send_to_all(server.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        send_to_all(server.process.pid, signal.SIGCONT)


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory, fresh_database: Callable[[], str]) -> Iterator[Cluster]:
    """One worker with five connections, and two seconds for everybody."""
    given = {"DATABASE_POOL": str(POOL), "DATABASE_SECONDS": str(SECONDS)}
    made = Cluster(tmp_path_factory.mktemp("hasty"), 1, fresh_database(), **given)
    try:
        yield made.start()
    finally:
        made.stop()


async def ask_and_go(site: Cluster, person: Person, room: int, post: bool) -> None:
    """A request of somebody who closes before it is answered."""
    worker = site.workers[0]
    body = urlencode({"key": fresh_key(), "body": "abandoned"}) if post else ""
    head = [
        f"{'POST' if post else 'GET'} /rooms/{room}{'/messages' if post else ''} HTTP/1.1",
        f"Host: 127.0.0.1:{worker.port}",
        f"Cookie: session={person.http.cookies['session']}",
        "Content-Type: application/x-www-form-urlencoded",
        "HX-Request: true",
        f"Content-Length: {len(body)}",
    ]
    _, writer = await asyncio.open_connection("127.0.0.1", worker.port)
    writer.write("\r\n".join([*head, "", body]).encode())
    await writer.drain()
    writer.close()


async def answered(poster: Poster, url: str, room: int) -> tuple[httpx.Response, str]:
    """(one answer to a fresh post, its key)"""
    key = fresh_key()
    form = {"key": key, "body": f"honest {key}"}
    answer = await poster.http.post(f"{url}/rooms/{room}/messages", data=form, headers=HTMX, timeout=60)
    return answer, key


async def test_case_65_a_standstill_under_abandoned_requests(hasty: Cluster, own_postgres: Postgres) -> None:
    await abandoned_and_honest(hasty, own_postgres, ABANDONED, nothing_more)


async def nothing_more() -> None:
    """The standstill ends as soon as the honest have been answered."""


async def abandoned_and_honest(
    site: Cluster, server: Postgres, abandoned: int, stand: Callable[[], Awaitable[None]]
) -> list[int]:
    """What the honest were answered."""
    url = site.workers[0].url
    town = await asyncio.to_thread(Town, url, 4, 1)
    room = town.rooms[0]
    posters = [Poster(site, person, Ledger()) for person in town.people]
    try:
        with standing_still(server):
            for n in range(abandoned):
                await ask_and_go(site, town.people[n % 4], room, post=n % 2 == 0)
            honest = await asyncio.gather(*(answered(posters[n % 4], url, room) for n in range(HONEST)))
            assert (await posters[0].http.get(f"{url}/up")).status_code == 200
            last = time.monotonic() + SECONDS
            await stand()
            await until(lambda: time.monotonic() > last, 60)  # nobody's deadline is later
        assert {answer.status_code for answer, _ in honest} <= {201, 503}
        assert all("Your text is kept" in answer.text for answer, _ in honest if answer.status_code == 503)
        assert all(1 <= int(a.headers["Retry-After"]) <= 10 for a, _ in honest if a.status_code == 503)
        for n, (_, key) in enumerate(honest):
            form = {"key": key, "body": f"honest {key}"}
            await posters[n % 4]._insist(f"/rooms/{room}/messages", form, (201,), [])
        await posters[0].post(room, "the last one")
        bodies = [row.body for row in await asyncio.to_thread(site.rows, "SELECT body FROM messages ORDER BY id")]
    finally:
        for poster in posters:
            await poster.close()
    assert sorted(body for body in bodies if body.startswith("honest")) == sorted(f"honest {key}" for _, key in honest)
    assert bodies.count("abandoned") < POOL, "only what had begun when everything stopped"
    return [answer.status_code for answer, _ in honest]


async def test_threads_are_freed_from_a_server_that_stands_still(
    fresh_database: Callable[[], str], own_postgres: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    url = fresh_database()
    await asyncio.to_thread(migrate, url)
    database = Database(url, pool=2, seconds=0.5)
    caplog.set_level(logging.ERROR, "tertulia.store")
    try:
        assert await database.write(one, nothing) == 1
        with standing_still(own_postgres):
            with pytest.raises(Unavailable):
                await database.write(one, nothing)
            await until(lambda: "is given up" in caplog.text, 30)
        assert await insisted(database) == 1
    finally:
        await database.close()


async def insisted(database: Database) -> object:
    """Asked again until it answers."""
    while True:
        try:
            return await database.write(one, nothing)
        except Unavailable:
            await asyncio.sleep(0.1)  # before it is asked again


def one(connection):  # type: ignore[no-untyped-def]
    return connection.execute(text("SELECT 1")).scalar_one()


def nothing() -> None:
    """Nobody is told."""


async def test_statements_and_what_waits_for_a_lock_are_bounded(fresh_database: Callable[[], str]) -> None:
    url = fresh_database()
    await asyncio.to_thread(migrate, url)
    database = Database(url, pool=2, seconds=1)
    holder = open_engine(url)
    try:
        for run in (database.read, lambda verb: database.write(verb, nothing)):
            with pytest.raises(Unavailable, match="time"):
                await run(lambda c: c.execute(text("SELECT pg_sleep(60)")))
            assert await run(one) == 1
        with holder.connect() as connection, connection.begin():
            assert connection.execute(text("SHOW statement_timeout")).scalar_one() == "0", "migrations may take longer"
            connection.execute(text("LOCK TABLE rooms"))
            with pytest.raises(Unavailable, match="lock timeout"):
                await database.write(lambda c: c.execute(text("UPDATE rooms SET head = 0")), nothing)
        assert await database.write(lambda c: c.execute(text("UPDATE rooms SET head = 0")).rowcount, nothing) == 0
    finally:
        holder.dispose()
        await database.close()
