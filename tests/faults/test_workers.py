"""Cases 39 and 40: processes end, politely or not. What was acknowledged stays, and everybody comes back elsewhere."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self
from urllib.parse import urlencode

import pytest

from tests.channel_layer.redis_server import RedisServer
from tests.faults.audit import settled
from tests.faults.cluster import Cluster, Deployment, Town, until
from tests.faults.posters import OFFLINE
from tests.faults.traffic import traffic
from tests.people import Person, fresh_key
from tests.servers import Server
from tests.wires import unread

pytestmark = pytest.mark.anyio

RESTART = 1012
ENDS_WITHIN = 20.0
BACK = 3 * 10.0
"""Seconds, three times the bar."""


async def test_case_39_sigterm_ends_a_worker_and_nobody_loses_a_word(cluster: Cluster, town: Town) -> None:
    leaving = cluster.workers[0]
    async with traffic(cluster, town, town.rooms, readers=12) as t:
        t.flow(20)
        await t.posted(20)
        there = [reader for reader in t.readers if reader.door == leaving.url]
        entries = {reader: reader.entries for reader in there}
        async with restarted(cluster, leaving):
            started = time.monotonic()
            await cluster.terminate(leaving)
            ended = time.monotonic() - started
            assert ended < ENDS_WITHIN
            assert await settled(t.readers, await cluster.heads(t.rooms), BACK)
            assert all(reader.entries > entries[reader] for reader in there)
            print(f"ended in {ended:.2f} s, all back {time.monotonic() - started:.2f} s after the signal")
            assert [reader.codes for reader in there] == [[RESTART]] * len(there)
            await t.ebb()
        await t.comes_out_clean()


async def test_case_39_a_post_in_flight_is_finished_and_a_stuck_one_holds_nobody_up(
    cluster: Cluster, town: Town
) -> None:
    leaving = cluster.workers[1]
    async with traffic(cluster, town) as t:
        slow = await Sending.begin(leaving, t.people[0], t.rooms[0])
        stuck = await Sending.begin(leaving, t.people[1], t.rooms[0])
        (stalled,) = await t.listen(1, narrow=True)
        stalled.stall()
        started = time.monotonic()
        async with restarted(cluster, leaving):
            ending = asyncio.create_task(cluster.terminate(leaving))
            await refused(leaving)
            assert b" 201 " in await slow.finish(), "what had begun is finished"
            await ending
            assert time.monotonic() - started < ENDS_WITHIN
            stuck.writer.close()
        stalled.resume()
        stored = cluster.rows("SELECT key FROM messages WHERE room_id = :room", room=t.rooms[0])
        assert [row.key for row in stored] == [slow.key]
        await t.comes_out_clean()


async def test_case_40_kill_9_of_one_of_two(cluster: Cluster, town: Town) -> None:
    async with traffic(cluster, town, town.rooms, readers=12) as t:
        t.flow(30)
        for dying in cluster.workers:
            await t.posted(30)
            there = [reader for reader in t.readers if reader.live and reader.door == dying.url]
            entries = {reader: reader.entries for reader in there}
            started = time.monotonic()
            async with restarted(cluster, dying):
                await cluster.kill(dying)
                await until(lambda: all(reader.entries > entries[reader] for reader in there), BACK)  # noqa: B023
                assert await settled(t.readers, await cluster.heads(t.rooms), BACK)
                print(f"{len(there)} readers are whole {time.monotonic() - started:.2f} s after the kill")
                assert not any(reader.door == dying.url for reader in t.readers)
        await t.comes_out_clean()
        answers = {answer for post in t.ledger.posts for answer in post.answers}
        assert answers <= {201, OFFLINE}


async def test_case_40_a_burst_is_killed_in_the_middle(cluster: Cluster, town: Town) -> None:
    """Between COMMIT and publish, between publish and the answer: wherever the blow falls, once is once."""
    async with traffic(cluster, town, readers=6) as t:
        for dying in cluster.workers:
            writing = asyncio.create_task(t.burst(100, at_once=30))
            await t.posted(30)
            async with restarted(cluster, dying):
                await cluster.kill(dying)
                await writing
        await t.comes_out_clean()


async def test_a_worker_that_is_silent_for_a_while(cluster: Cluster, town: Town) -> None:
    """Stopped and continued: its sockets stay open, its events wait in Redis, its posts are tried elsewhere."""
    async with traffic(cluster, town, town.rooms, readers=6) as t:
        t.flow(15)
        cluster.workers[0].pause()
        try:
            await until(lambda: unread(cluster.workers[0].port) > 0, 60)
        finally:
            cluster.workers[0].resume()
        await t.whole(BACK)
        await t.comes_out_clean()


async def test_rolling_restart_behind_one_port(
    tmp_path: Path, fresh_database: Callable[[], str], redis_server: RedisServer
) -> None:
    """`python -m webapp serve` with two workers: SIGHUP replaces them under traffic, SIGTERM ends them all."""
    site = Deployment(tmp_path, fresh_database(), redis_server.url)
    try:
        await asyncio.to_thread(site.start)
        town = await asyncio.to_thread(Town, site.url, 4, 2)
        async with traffic(site, town, town.rooms, readers=8) as t:
            t.flow(15)
            before = site.workers
            assert len(before) == 2
            site.hang_up()
            await until(lambda: not site.workers & before and len(site.workers) == 2, 90)
            await t.whole(BACK)
            await t.comes_out_clean()
            assert not any(code != RESTART for reader in t.readers for code in reader.codes)

            t.flow(15)
            for poster in t.posters:
                poster.patience = 1.0
            await t.posted(8)
            await asyncio.to_thread(site.terminate, ENDS_WITHIN)
            await t.ebb()
            stored = {row.key for row in site.rows("SELECT key FROM messages")}
            assert {post.key for post in t.ledger.acknowledged} <= stored, "stored, or refused"
            assert not site.workers
    finally:
        site.stop()


# -- how it is done


@asynccontextmanager
async def restarted(cluster: Cluster, worker: Server) -> AsyncIterator[None]:
    """Whatever ends it within the block, the worker runs again after it."""
    try:
        yield
    finally:
        await cluster.kill(worker)
        await cluster.begin(worker)


class Sending:
    """A POST of which only the head and half of the body have left."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.key = fresh_key()
        self.body = urlencode({"key": self.key, "body": "slowly typed"}).encode()

    @classmethod
    async def begin(cls, worker: Server, person: Person, room: int) -> Self:
        made = cls(*await asyncio.open_connection("127.0.0.1", worker.port))
        head = (
            f"POST /rooms/{room}/messages HTTP/1.1\r\nHost: 127.0.0.1:{worker.port}\r\nHX-Request: true\r\n"
            f"Cookie: session={person.http.cookies['session']}\r\nContent-Length: {len(made.body)}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
        )
        made.writer.write(head.encode() + made.body[:10])
        await made.writer.drain()
        await until(lambda: unread(worker.port) == 0, 20)  # the worker has begun with it
        return made

    async def finish(self) -> bytes:
        """The first line of the answer."""
        self.writer.write(self.body[10:])
        await self.writer.drain()
        return await self.reader.readline()


async def refused(worker: Server) -> None:
    """Until it takes no new connection."""
    async with asyncio.timeout(ENDS_WITHIN):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", worker.port)
            except ConnectionRefusedError:
                return
            writer.close()
            await asyncio.sleep(0.02)
