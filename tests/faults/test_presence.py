"""Who is here, across processes: one entry a person, told once, and right again after kill -9."""

import asyncio
import uuid

import pytest
from redis.asyncio import Redis

from tests.channel_layer.redis_server import RedisServer
from tests.faults.cluster import Cluster, Town, readiness, until
from tests.faults.readers import Reader
from tests.servers import Server
from webapp.channel_layer import Signer
from webapp.services.leases import Person as LeasePerson
from webapp.services.leases import Place
from webapp.services.redis_leases import RedisLeases

pytestmark = pytest.mark.anyio

SIGNER = Signer([b"the key of these tests"])
TOLD = 45.0
"""Seconds to wait for; the leases of these workers last three, the grace is one."""


WITHOUT, AGAIN = "presence has to do without Redis", "presence has Redis again"


def said(workers: list[Server], what: str) -> list[int]:
    """How often each worker's log says it."""
    return [worker.log.read_text().count(what) for worker in workers]


def more(counts: list[int], before: list[int]) -> bool:
    return all(now > then for now, then in zip(counts, before, strict=True))


class At:
    """One worker's door alone."""

    def __init__(self, worker: Server) -> None:
        self.worker = worker

    def doors(self) -> list[str]:
        return [self.worker.url]


async def test_presence_is_one_entry_for_all_windows_on_all_processes(cluster: Cluster, town: Town) -> None:
    (one, two), (ana, bea, *_), room = cluster.workers, town.people, town.new_room()
    both = {town.ids[ana], town.ids[bea]}
    watching, first, second = Reader(At(one), ana, room), Reader(At(one), bea, room), Reader(At(two), bea, room)
    try:
        await watching.open()
        await first.open()
        await until(lambda: watching.here == both, TOLD)
        await second.open()
        await until(lambda: second.here == both, TOLD)
        await first.close()
        await first.open()  # within the grace
        await second.close()
        await until(lambda: first.live, TOLD)
        await first.close()
        await until(lambda: watching.here == {town.ids[ana]}, TOLD)
        assert told(watching, town.ids[bea]) == ["joined", "left"]
    finally:
        for reader in (watching, first, second):
            await reader.close()


async def test_presence_after_kill_9_of_one_process(cluster: Cluster, town: Town) -> None:
    """Who came back on another process never left; who did not has left, once for everybody."""
    (dying, staying), (ana, bea, carl, *_), room = cluster.workers, town.people, town.new_room()
    those_left, all_three = {town.ids[ana], town.ids[carl]}, {town.ids[each] for each in (ana, bea, carl)}
    watchers = [Reader(At(staying), ana, room), Reader(At(staying), ana, room)]
    gone, moving = Reader(At(dying), bea, room), Reader(cluster, carl, room)
    try:
        for reader in (*watchers, gone, moving):
            await reader.open()
        await until(lambda: all(reader.here == all_three for reader in (*watchers, gone)), TOLD)
        await cluster.kill(dying)
        await until(lambda: all(reader.here == those_left for reader in watchers), TOLD)
        await until(lambda: moving.live and moving.here == those_left, TOLD)
        for reader in watchers:
            assert told(reader, town.ids[bea])[-1:] == ["left"]
            assert told(reader, town.ids[bea]).count("left") == 1
            assert told(reader, town.ids[carl]).count("left") == 0
    finally:
        for reader in (*watchers, gone, moving):
            await reader.close()
        await cluster.begin(dying)


async def test_presence_after_redis_lost_everything(cluster: Cluster, town: Town, redis_server: RedisServer) -> None:
    """Nobody left and nobody came meanwhile; the list is that of both processes again."""
    (one, two), (ana, bea, carl, *_), room = cluster.workers, town.people, town.new_room()
    readers = [Reader(At(one), ana, room), Reader(At(two), bea, room), Reader(At(two), carl, room)]
    old = readers[:2]
    try:
        for reader in old:
            await reader.open()
        await until(lambda: all(told(reader, town.ids[bea]) == ["joined"] for reader in old), TOLD)
        before = [list(reader.notices) for reader in old]
        away, back = (said(cluster.workers, what) for what in (WITHOUT, AGAIN))
        await asyncio.to_thread(redis_server.kill)
        await until(lambda: more(said(cluster.workers, WITHOUT), away), TOLD)
        await asyncio.to_thread(redis_server.start)
        await until(lambda: all(readiness(url) == "ok" for url in cluster.doors()), TOLD)
        await until(lambda: more(said(cluster.workers, AGAIN), back), TOLD)
        assert [reader.notices for reader in old] == before
        await readers[2].open()
        await until(
            lambda: all(reader.here == {town.ids[each] for each in (ana, bea, carl)} for reader in readers), TOLD
        )
        await until(lambda: [told(reader, town.ids[carl]) for reader in old] == [["joined"], ["joined"]], TOLD)
        assert [told(reader, town.ids[bea]) for reader in old] == [["joined"], ["joined"]]
        assert [reader.notices for reader in old] == [[*notices, (town.ids[carl], "joined")] for notices in before]
    finally:
        for reader in readers:
            await reader.close()


async def test_who_comes_first_after_redis_forgot_does_not_bring_the_others_anew(redis_server: RedisServer) -> None:
    """Somebody arrives before the process has renewed the leases of those who were here all the time."""
    leases = RedisLeases(Redis.from_url(redis_server.url), SIGNER, prefix=uuid.uuid4().hex)
    ana, bea = Place(1, LeasePerson(1, "Ana")), Place(1, LeasePerson(2, "Bea"))
    try:
        assert await leases.hold([ana], 60) == [ana]
        redis_server.command("FLUSHALL")
        assert await leases.hold([bea], 60) == [bea]
        assert await leases.hold([ana, bea], 60) == []
        assert await leases.here(1) == [ana.person, bea.person]
    finally:
        await leases.close()


def told(reader: Reader, person: int) -> list[str]:
    return [what for who, what in reader.notices if who == person]
