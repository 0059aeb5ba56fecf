"""Two workers on a Redis Cluster: the room's shard dies, and nobody misses or repeats anything."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.channel_layer.redis_cluster import RedisCluster
from tests.faults.audit import settled
from tests.faults.cluster import Cluster, Town, readiness, until
from tests.faults.traffic import traffic

pytestmark = pytest.mark.anyio

WHOLE = 3 * 5.0
"""Seconds, three times the bar."""


@pytest.fixture(scope="module")
def redis_cluster() -> Iterator[RedisCluster]:
    """Three masters; the first has a replica."""
    with tempfile.TemporaryDirectory(prefix="tertulia-redis-") as folder:
        cluster = RedisCluster(Path(folder), replicas=1)
        try:
            yield cluster.start()
        finally:
            cluster.kill()


@pytest.fixture(scope="module")
def workers(
    tmp_path_factory: pytest.TempPathFactory, fresh_database: Callable[[], str], redis_cluster: RedisCluster
) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("cluster"), 2, fresh_database(), redis_cluster.url)
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.fixture(scope="module")
def people(workers: Cluster) -> Town:
    return Town(workers.workers[0].url, people=6, rooms=12)


async def test_rooms_are_told_through_their_shards(workers: Cluster, people: Town, redis_cluster: RedisCluster) -> None:
    await until(lambda: all(readiness(url) == "ok" for url in workers.doors()), 60)
    async with traffic(workers, people, people.rooms, readers=24) as t:
        before = published(redis_cluster)
        await t.burst(60)
        assert await settled(t.readers, await workers.heads(t.rooms))
        assert sum(published(redis_cluster)) - sum(before) >= 60
        assert all(now > then for now, then in zip(published(redis_cluster), before, strict=True)), "each has some"
        await t.comes_out_clean()


async def test_a_shard_dies_and_its_replica_takes_over(
    workers: Cluster, people: Town, redis_cluster: RedisCluster
) -> None:
    async with traffic(workers, people, people.rooms, readers=24) as t:
        t.flow(20)
        await asyncio.to_thread(redis_cluster.masters[0].kill)
        await until(lambda: "ok" not in {readiness(url) for url in workers.doors()}, 60)
        await until(lambda: all(readiness(url) == "ok" for url in workers.doors()), 60)
        await t.whole(WHOLE)
        await t.comes_out_clean()
        assert {answer for post in t.ledger.posts for answer in post.answers} == {201}, "no post waits for Redis"
        assert not any(reader.codes for reader in t.readers), "no reader is disturbed"


def published(cluster: RedisCluster) -> list[int]:
    """By master, how often something was published to it."""
    return [
        int(node.command("INFO", "commandstats").get("cmdstat_spublish", {}).get("calls", 0))
        for node in cluster.masters
    ]
