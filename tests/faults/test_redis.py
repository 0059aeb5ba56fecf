"""Cases 36 and 37: Redis makes it fast, and nothing more. Killed, paused, restarted empty, or never there."""

import asyncio
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.channel_layer.redis_server import RedisServer
from tests.faults.audit import settled
from tests.faults.cluster import Cluster, Town, readiness, until
from tests.faults.traffic import traffic
from tests.people import sign_in

pytestmark = pytest.mark.anyio

WHOLE = 3 * 5.0
"""Seconds, three times the bar."""


async def test_case_36_redis_is_killed_for_five_seconds_and_comes_back_empty(
    cluster: Cluster, town: Town, redis_server: RedisServer
) -> None:
    async with traffic(cluster, town, town.rooms, readers=9) as t:
        t.flow(20)
        await t.posted(20)
        await asyncio.to_thread(redis_server.kill)
        await t.posted(100)  # case 36 says five seconds: they are theirs
        await asyncio.to_thread(redis_server.start)
        print(f"the slowest reader is whole {await t.whole(WHOLE):.2f} s after Redis is back")
        await t.comes_out_clean()
        assert {answer for post in t.ledger.posts for answer in post.answers} == {201}, "no post waits for Redis"
        assert not any(reader.codes for reader in t.readers), "no reader is disturbed"


async def test_case_36_a_redis_that_is_silent(cluster: Cluster, town: Town, redis_server: RedisServer) -> None:
    """Stopped, not gone: its connections stay open, and nothing answers."""
    async with traffic(cluster, town, town.rooms, readers=9) as t:
        t.flow(20)
        redis_server.pause()
        try:
            await t.posted(60)
            await t.listen(3)
            await t.whole(WHOLE)
        finally:
            redis_server.resume()
        await t.whole(WHOLE)
        await t.comes_out_clean()
        assert {answer for post in t.ledger.posts for answer in post.answers} == {201}


async def test_case_36_and_then_it_is_fast_again(cluster: Cluster, town: Town, redis_server: RedisServer) -> None:
    """After Redis was away the processes hear each other through it, not through their sweeps."""
    await asyncio.to_thread(redis_server.kill)
    await asyncio.to_thread(redis_server.start)
    await until(lambda: all(readiness(url) == "ok" for url in cluster.doors()), 60)
    async with traffic(cluster, town, readers=4) as t:
        assert len({reader.door for reader in t.readers}) > 1 or await t.listen(8)
        before = int(redis_server.command("INFO", "commandstats").get("cmdstat_publish", {}).get("calls", 0))
        await t.burst(20)
        assert await settled(t.readers, await cluster.heads(t.rooms))
        after = int(redis_server.command("INFO", "commandstats")["cmdstat_publish"]["calls"])
        assert after - before >= 20
        topics = redis_server.command("PUBSUB", "CHANNELS", f"*room.{t.rooms[0]}")
        assert len(topics) == 1
        assert redis_server.subscribers(topics[0]) == len(cluster.workers), "one subscription for each process"
        await t.comes_out_clean()


def test_case_55_a_room_renamed_while_redis_is_away(cluster: Cluster, town: Town, redis_server: RedisServer) -> None:
    """The other process's open pages find out by its sweep: name, title and sidebar, as a reload shows them."""
    room = town.new_room()
    there = sign_in(cluster.workers[1].url, town.people[1].username)
    with there.live(room) as stays:
        stays.sees('id="heartbeat"')
        redis_server.kill()
        try:
            town.ana.rename(room, 'The "garden" & its shed', "What grows")
            frame = stays.sees("What grows")
        finally:
            redis_server.start()
        assert (stays.log.name, stays.log.cursor) == ('The "garden" & its shed', 1)
    with there.live(room, since=0) as back:
        back.sees("What grows")
        assert (back.log.title, back.log.cursor) == (stays.log.title, 1), "who was away is told the same"
    page = there.http.get(f"/rooms/{room}").text
    for shown in (rf'<a href="/rooms/{room}" class="closed".*?</a>', "<title>.*?</title>", "What grows"):
        found = re.search(shown, page)
        assert found
        assert found[0] in frame


def test_somebody_renamed_while_redis_is_away(cluster: Cluster, town: Town, redis_server: RedisServer) -> None:
    """By its sweep the other process finds the name; and by its event, when Redis is back."""
    room, person = town.new_room(), town.people[1]
    message = person.post(room, "hello")
    there = sign_in(cluster.workers[1].url, town.people[2].username)
    with there.live(room) as stays:
        stays.sees('id="heartbeat"')
        redis_server.kill()
        try:
            person.http.post("/me", data={"display_name": "Somebody Else"})
            stays.sees('swap="textContent">Somebody Else</hx-partial>')
        finally:
            redis_server.start()
        person.http.post("/me", data={"display_name": "Somebody Again"})
        stays.sees('swap="textContent">Somebody Again</hx-partial>')
    page = there.http.get(f"/rooms/{room}").text
    assert f'id="a{message}" href="/people/{person.id}">Somebody Again</a>' in page


# -- never there


@pytest.fixture(scope="module")
def late_redis() -> Iterator[RedisServer]:
    """Not started."""
    with tempfile.TemporaryDirectory(prefix="tertulia-redis-") as folder:
        server = RedisServer(Path(folder))
        yield server
        server.kill()


@pytest.fixture(scope="module")
def lonely(
    tmp_path_factory: pytest.TempPathFactory, fresh_database: Callable[[], str], late_redis: RedisServer
) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("lonely"), 2, fresh_database(), late_redis.url, SWEEP_SECONDS="1")
    try:
        yield made.start()
    finally:
        made.stop()


async def test_case_37_without_redis_the_chat_works(lonely: Cluster, late_redis: RedisServer) -> None:
    """Posts reach the other process by its sweep; `/ready` says degraded, and ok when Redis has come at last."""
    town = await asyncio.to_thread(Town, lonely.workers[0].url, 4, 2)
    async with traffic(lonely, town, town.rooms, readers=8) as t:
        assert [readiness(url) for url in lonely.doors()] == ["degraded"] * 2
        await t.burst(60)
        t.flow(15)
        await t.posted(45)
        t.readers[0].drop()
        await t.comes_out_clean()
        assert {answer for post in t.ledger.posts for answer in post.answers} == {201}
        assert [readiness(url) for url in lonely.doors()] == ["degraded"] * 2
        assert lonely.logs.count("cannot reach Redis") <= 10, "its absence is told once, not at every attempt"

        await asyncio.to_thread(late_redis.start)
        await until(lambda: all(readiness(url) == "ok" for url in lonely.doors()), 60)
        await t.burst(30)
        await t.comes_out_clean()
