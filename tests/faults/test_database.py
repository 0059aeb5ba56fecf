"""Cases 42, 44 and 45 on PostgreSQL: few connections, a server that goes away and comes back, and tables with data."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from tests.faults.audit import settled
from tests.faults.cluster import Cluster, Town, rows, until
from tests.faults.traffic import Traffic, traffic
from tests.people import HTMX, fresh_key, sign_in
from tests.postgres import Postgres
from webapp.services import passwords
from webapp.store.engine import config, migrate, open_engine

pytestmark = pytest.mark.anyio

POOL = 5
SOCKETS = 500
SESSIONS = """
    SELECT count(*) AS held,
           count(*) FILTER (WHERE state LIKE 'idle in transaction%') AS begun,
           count(*) FILTER (WHERE state LIKE 'idle in transaction%' AND now() - state_change > interval '2 s') AS idle
    FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.fixture(scope="module")
def pooled(tmp_path_factory: pytest.TempPathFactory, fresh_database: Callable[[], str]) -> Iterator[Cluster]:
    """One worker with five connections."""
    made = Cluster(tmp_path_factory.mktemp("pooled"), 1, fresh_database(), DATABASE_POOL=str(POOL))
    try:
        yield made.start()
    finally:
        made.stop()


async def test_case_42_five_hundred_sockets_and_five_connections(pooled: Cluster) -> None:
    town = await asyncio.to_thread(Town, pooled.workers[0].url, 10, 5)
    async with traffic(pooled, town, town.rooms, readers=5) as t:
        everybody = [*t.readers, *await t.crowd(SOCKETS - 5)]
        assert len(everybody) == SOCKETS
        writing = asyncio.create_task(t.burst(300, at_once=50))
        watching = open_engine(pooled.database_url)  # one connection for all: each that ends is there for a moment more
        samples = []
        with watching.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while not writing.done():
                samples += await asyncio.to_thread(connection.execute, text(SESSIONS))
                await asyncio.wait([writing], timeout=0.05)
        watching.dispose()
        await writing
        assert await settled(everybody, await pooled.heads(town.rooms))
        assert max(sample.held for sample in samples) <= POOL
        assert not any(sample.idle for sample in samples), "a connection was held with nothing to do"
        await until(lambda: [(s.begun, s.held <= POOL) for s in pooled.rows(SESSIONS)] == [(0, True)], 30)
        assert all(reader.live for reader in everybody)
        await t.comes_out_clean()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["restarted", "crashed"])
async def test_case_44_postgres_goes_away_and_comes_back(
    cluster: Cluster, town: Town, own_postgres: Postgres, how: signal.Signals
) -> None:
    workers = [worker.pid for worker in cluster.workers]
    async with traffic(cluster, town, town.rooms, readers=6) as t:
        t.flow(20)
        await t.posted(20)
        await asyncio.to_thread(own_postgres.stop, how)
        try:
            await refused_with_a_notice(t, cluster.doors()[0])
            assert all(reader.live for reader in t.readers), "who only reads keeps their page"
        finally:
            await asyncio.to_thread(own_postgres.start)
        await t.whole(60)
        await t.burst(20)
        late = await t.listen(3)
        await t.comes_out_clean()
        assert {answer for post in t.ledger.posts for answer in post.answers} <= {201, 503}
        assert late
        assert workers == [worker.pid for worker in cluster.workers], "without a restart"
        ready = [await t.posters[0].http.get(f"{url}/ready") for url in cluster.doors()]
        assert [answer.status_code for answer in ready] == [200, 200]


async def test_case_44_a_worker_that_starts_meanwhile_waits(
    cluster: Cluster, town: Town, own_postgres: Postgres
) -> None:
    """Else whoever watches over the workers would take it for broken, and uvicorn's parent would end them all."""
    async with traffic(cluster, town, readers=2) as t:
        t.flow(10)
        worker = cluster.workers[0]
        await cluster.kill(worker)
        await asyncio.to_thread(own_postgres.stop)
        starting = asyncio.create_task(cluster.begin(worker))
        try:
            await until(lambda: "waiting for the database" in worker.log.read_text() or starting.done(), 60)
        finally:
            await asyncio.to_thread(own_postgres.start)
        await starting
        await t.comes_out_clean()


async def refused_with_a_notice(t: Traffic, url: str) -> None:
    """503, in words; the draft stays in the outbox, and what is not stored is not shown."""
    poster, room, key = t.posters[0], t.rooms[0], fresh_key()
    form = {"key": key, "body": "not now"}
    answer = await poster.http.post(f"{url}/rooms/{room}/messages", data=form)
    assert answer.status_code == 503
    assert 'hx-target="#alert"' in answer.text
    assert "Your text is kept" in answer.text
    assert key not in answer.text, "nothing of the answer concerns the draft: it stays where it is"
    assert answer.headers["Retry-After"]
    by_hand = await poster.http.post(f"{url}/rooms/{room}/messages", data=form, headers=dict.fromkeys(HTMX, "false"))
    assert by_hand.status_code == 503
    assert "database" in by_hand.text
    ready = await poster.http.get(f"{url}/ready")
    assert ready.status_code == 503
    assert ready.json() == {"status": "down", "database": "unavailable", "channel_layer": "ok"}
    assert (await poster.http.get(f"{url}/up")).status_code == 200


async def test_case_44_a_post_whose_answer_nobody_knows(cluster: Cluster, town: Town, own_postgres: Postgres) -> None:
    """Stopped in the middle of a burst: a COMMIT that may have happened is asked for again with its key."""
    async with traffic(cluster, town, readers=4) as t:
        for how in (signal.SIGQUIT, signal.SIGINT):
            writing = asyncio.create_task(t.burst(150, at_once=30))
            enough = len(t.ledger.acknowledged) + 50
            await until(lambda: len(t.ledger.acknowledged) >= enough, 60)  # noqa: B023
            await asyncio.to_thread(own_postgres.stop, how)
            await asyncio.to_thread(own_postgres.start)
            await writing
        await t.comes_out_clean()


# -- case 45


FIRST = "0001"
"""The release that this one can be installed over."""


def first_release(url: str) -> None:
    """The tables of the first release, with a community in them: one person, one room, messages and a tombstone."""
    engine = open_engine(url)
    with engine.connect() as connection, connection.begin():
        command.upgrade(config(connection), FIRST)
        for statement in (
            "INSERT INTO community (id, name, time_zone, created_at) VALUES (1, 'Casa', 'UTC', 1)",
            "INSERT INTO users (username, display_name, password_hash, role, created_at)"
            " VALUES ('ana', 'Ana', :hash, 'admin', 1)",
            "INSERT INTO rooms (name, topic, visibility, created_at, head) VALUES ('Garden', '', 'open', 1, 3)",
            "INSERT INTO memberships (room_id, user_id, role, created_at) VALUES (1, 1, 'owner', 1)",
            "INSERT INTO messages (room_id, author_id, key, body, html, created_at, utc_offset, continues, opens_day,"
            " posted_revision, revision, deleted_at) VALUES"
            " (1, 1, 'key-of-old-1', 'from long ago', '<p>from long ago</p>', 2, 0, false, true, 1, 1, NULL),"
            " (1, 1, 'key-of-old-2', '', '', 3, 0, true, false, 2, 3, 4)",
        ):
            connection.execute(text(statement), {"hash": HASH} if ":hash" in statement else {})
    engine.dispose()


PASSWORD = "correct horse battery"
HASH = passwords.hasher().hash(PASSWORD)


def everything(url: str) -> dict[str, list[tuple[object, ...]]]:
    """All that the first release's tables hold."""
    columns = {
        "community": "id, name, time_zone, created_at",
        "users": "id, username, display_name, password_hash, role, created_at",
        "rooms": "id, name, topic, visibility, created_at, head",
        "memberships": "room_id, user_id, role, created_at",
        "messages": "id, room_id, author_id, key, body, html, created_at, posted_revision, revision, deleted_at",
    }
    return {
        table: [tuple(row) for row in rows(url, f"SELECT {names} FROM {table} ORDER BY 1, 2")]
        for table, names in columns.items()
    }


def test_case_45_an_upgrade_keeps_the_data(database_url: str) -> None:
    first_release(database_url)
    before = everything(database_url)
    for _ in range(2):
        migrate(database_url)
        assert everything(database_url) == before


async def test_case_45_two_processes_start_on_the_previous_releases_tables(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    """They upgrade it once between them, and go on where it stood."""
    url = fresh_database()
    await asyncio.to_thread(first_release, url)
    before = await asyncio.to_thread(everything, url)
    cluster = Cluster(tmp_path, 2, url)
    try:
        await asyncio.to_thread(cluster.start)
        assert everything(url) == before
        assert len(rows(url, "SELECT version_num FROM alembic_version")) == 1
        ana = await asyncio.to_thread(sign_in, cluster.workers[1].url, "ana", PASSWORD)
        assert ana.page(1).texts == ["from long ago"]
        with ana.live(1, since=1) as live:
            ana.post(1, "and on")
            live.catches_up(4)
            assert live.log.texts == ["and on"]
    finally:
        cluster.stop()
