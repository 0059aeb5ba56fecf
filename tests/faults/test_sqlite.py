"""Case 43: one process on one file, many writers, and a backup taken while they write."""

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.cluster import Cluster, Town, until
from tests.faults.posters import OFFLINE
from tests.faults.traffic import traffic

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("alone"))
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.fixture(scope="module")
def village(alone: Cluster) -> Town:
    return Town(alone.workers[0].url, 10, 3)


async def test_case_43_fifty_writers_and_backups_under_load(alone: Cluster, village: Town, tmp_path: Path) -> None:
    async with traffic(alone, village, village.rooms, readers=6) as t:
        writing = asyncio.create_task(t.burst(600, at_once=50))
        for number, part in enumerate((50, 200, 400)):
            await until(lambda: len(t.ledger.acknowledged) >= part, 120)  # noqa: B023
            known = {post.key for post in t.ledger.acknowledged}
            copy = tmp_path / f"backup-{number}.db"
            await asyncio.to_thread(back_up, alone, copy)
            assert known <= await asyncio.to_thread(keys_in, copy), "every post acknowledged before it began"
        await writing
        await t.comes_out_clean()
        assert {answer for post in t.ledger.posts for answer in post.answers} == {201}
    assert "database is locked" not in alone.logs
    assert "Traceback" not in alone.logs


async def test_a_backup_is_a_whole_community(alone: Cluster, village: Town, tmp_path: Path) -> None:
    """A server on the copy shows what the first one showed, and goes on."""
    room = village.rooms[0]
    village.ana.post(room, "the last word")
    copy = tmp_path / "tertulia.db"
    await asyncio.to_thread(back_up, alone, copy)
    second = Cluster(tmp_path)
    try:
        await asyncio.to_thread(second.start)
        twin = type(village.ana)(second.workers[0].url, "ana").sign_in()
        assert twin.history(room).messages == village.ana.history(room).messages
        twin.post(room, "and on")
        assert twin.page(room).texts[-2:] == ["the last word", "and on"]
    finally:
        second.stop()


async def test_kill_9_in_the_middle_of_a_burst(alone: Cluster, village: Town) -> None:
    """`synchronous=FULL`, and nobody is answered before the COMMIT: what was acknowledged is there."""
    async with traffic(alone, village, village.rooms, readers=6) as t:
        writing = asyncio.create_task(t.burst(300, at_once=30))
        for part in (60, 160):
            await until(lambda: len(t.ledger.acknowledged) >= part, 60)  # noqa: B023
            await alone.kill(alone.workers[0])
            await alone.begin(alone.workers[0])
        await writing
        await t.comes_out_clean()
        assert {answer for post in t.ledger.posts for answer in post.answers} <= {201, OFFLINE}


def back_up(cluster: Cluster, copy: Path) -> None:
    """While it is written to, by SQLite's own backup API."""
    source = sqlite3.connect(cluster.database_url.removeprefix("sqlite:///"), timeout=60)
    target = sqlite3.connect(copy)
    try:
        source.backup(target)
    finally:
        target.close()
        source.close()


def keys_in(copy: Path) -> set[str]:
    database = sqlite3.connect(copy)
    try:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        heads = database.execute(
            "SELECT head, (SELECT max(revision) FROM messages WHERE room_id = rooms.id) FROM rooms"
        )
        assert all(head == (last or 0) for head, last in heads), "a room's head is its last message's revision"
        return {key for (key,) in database.execute("SELECT key FROM messages")}
    finally:
        database.close()
