"""Presence on both kinds of leases: one contract, and what Redis may do to it."""

import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.channel_layer.redis_cluster import RedisCluster
from tests.channel_layer.redis_server import RedisServer
from webapp.channel_layer import Signer
from webapp.domain.events import Event
from webapp.services.leases import Leases, MemoryLeases, Person, Place
from webapp.services.presence import Presence
from webapp.services.redis_client import open_client
from webapp.services.redis_leases import CLOCKS_DIFFER, RedisLeases

pytestmark = pytest.mark.anyio

ANA, BEA = Person(1, "Ana"), Person(2, "bea \x1f:*é")
TABLE = Place(7, ANA)
SIGNER = Signer([b"the key of these tests"])
LONG, OVER = 60.0, -1.0
"""Seconds: a lease that outlasts the test, and one that has ended before it began."""


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    folder: Path = tmp_path_factory.mktemp("redis")
    server = RedisServer(folder).start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def redis_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisCluster]:
    cluster = RedisCluster(tmp_path_factory.mktemp("cluster"))
    try:
        yield cluster.start()
    finally:
        cluster.kill()


@pytest.fixture(params=["memory", "redis", "cluster"])
async def leases(request: pytest.FixtureRequest) -> AsyncIterator[Leases]:
    if request.param == "memory":
        yield MemoryLeases()
        return
    url = request.getfixturevalue("redis_server" if request.param == "redis" else "redis_cluster").url
    made = RedisLeases(open_client(url), SIGNER, prefix=secrets.token_hex(4))
    yield made
    await made.close()


@pytest.fixture
async def processes(redis_server: RedisServer) -> AsyncIterator[Callable[[], RedisLeases]]:
    """Makes the leases of one process after the other, all on one Redis."""
    prefix, made = secrets.token_hex(4), []

    def process() -> RedisLeases:
        made.append(RedisLeases(open_client(redis_server.url), SIGNER, prefix=prefix))
        return made[-1]

    yield process
    for each in made:
        await each.close()


async def test_who_comes_is_fresh_once(leases: Leases) -> None:
    assert await leases.hold([TABLE, Place(7, BEA)], LONG) == [TABLE, Place(7, BEA)]
    assert await leases.hold([TABLE], LONG) == []
    assert await leases.hold([Place(8, ANA)], LONG) == [Place(8, ANA)]
    assert await leases.here(7) == [ANA, BEA]
    assert await leases.here(9) == []
    assert await leases.expire() == []


async def test_an_end_is_told_once(leases: Leases) -> None:
    await leases.hold([TABLE, Place(7, BEA)], LONG)
    await leases.shorten(TABLE, OVER)
    assert await leases.expire() == [TABLE]
    assert await leases.expire() == []
    assert await leases.here(7) == [BEA]
    assert await leases.hold([TABLE], LONG) == [TABLE], "and whoever comes back is fresh again"


async def test_who_comes_back_within_the_grace_never_left(leases: Leases) -> None:
    await leases.hold([TABLE], LONG)
    await leases.shorten(TABLE, 30.0)
    assert await leases.hold([TABLE], LONG) == []
    assert await leases.expire() == []


async def test_a_person_in_two_processes_leaves_with_the_last(processes: Callable[[], RedisLeases]) -> None:
    one, two = processes(), processes()
    assert await one.hold([TABLE], LONG) == [TABLE]
    assert await two.hold([TABLE], LONG) == []
    await one.shorten(TABLE, OVER)
    assert await two.expire() == []
    assert await one.here(7) == [ANA]
    await two.shorten(TABLE, OVER)
    ended = await one.expire() + await two.expire()
    assert ended == [TABLE], "one of the two tells it"


async def test_a_process_that_died_takes_nobody_with_it_for_ever(processes: Callable[[], RedisLeases]) -> None:
    dead, alive = processes(), processes()
    await dead.hold([TABLE], OVER)  # it has not renewed for as long as a lease lasts
    assert await alive.expire() == [TABLE]
    assert await dead.hold([TABLE], LONG) == [TABLE], "it was only asleep: they are back"


async def test_a_redis_that_forgot_makes_nobody_new(
    processes: Callable[[], RedisLeases], redis_server: RedisServer
) -> None:
    one = processes()
    await one.hold([TABLE], LONG)
    redis_server.command("FLUSHALL")
    assert await one.hold([TABLE], LONG) == []
    assert await one.here(7) == [ANA]
    assert await one.hold([Place(7, BEA)], LONG) == [Place(7, BEA)]


async def test_case_62_who_was_not_written_by_us_is_not_shown(
    processes: Callable[[], RedisLeases], redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    leases = processes()
    await leases.hold([TABLE, Place(7, BEA), Place(8, ANA)], LONG)
    room, write = f"{leases.prefix}:7", redis_server.command
    signed = write("HGET", f"{room}:names", "1")
    for user in ("evil", "", "-1", "01", " 1", "1:names", "9", "\x00", "9" * 5_000):
        for entry in ("Eve", "", signed, "ff" * 16 + "9999999999 Eve", "x" * 100_000):
            write("ZADD", room, "inf", user)
            write("HSET", f"{room}:names", user, entry)
            assert await leases.here(7) == [ANA, BEA]
    write("HSET", f"{room}:names", "2", signed)
    assert await leases.here(7) == [ANA], "nor one person's name for another's"
    write("HSET", f"{leases.prefix}:8:names", "1", write("HGET", f"{room}:names", "1"))
    assert await leases.here(8) == [], "nor one room's for another's"
    assert len(caplog.records) == 1
    await leases.hold([TABLE, Place(7, BEA), Place(8, ANA)], LONG)
    assert (await leases.here(7), await leases.here(8)) == ([ANA, BEA], [ANA])


async def test_case_62_an_old_entry_put_back_is_not_shown(
    processes: Callable[[], RedisLeases], redis_server: RedisServer
) -> None:
    leases = processes()
    await leases.hold([TABLE], -2 * CLOCKS_DIFFER)
    old = redis_server.command("HGET", f"{leases.prefix}:7:names", "1")
    assert await leases.expire() == [TABLE]
    redis_server.command("ZADD", f"{leases.prefix}:7", "inf", "1")
    redis_server.command("HSET", f"{leases.prefix}:7:names", "1", old)
    assert await leases.here(7) == []


async def test_case_62_what_ends_in_rooms_that_are_none_disturbs_nobody(
    processes: Callable[[], RedisLeases], redis_server: RedisServer
) -> None:
    leases = processes()
    await leases.hold([TABLE, Place(8, BEA)], OVER)
    for room in ("evil", "-1", "7:names", "", "\x00", "epoch", "rooms"):
        redis_server.command("SADD", f"{leases.prefix}:rooms", room)
    redis_server.command("ZADD", f"{leases.prefix}:evil", "0", "1")
    redis_server.command("HSET", f"{leases.prefix}:evil:names", "1", "Eve")
    redis_server.command("ZADD", f"{leases.prefix}:7", "0", "evil")
    redis_server.command("SET", f"{leases.prefix}:8:2", "Eve")
    assert sorted(await leases.expire(), key=lambda place: place.room_id) == [TABLE, Place(8, BEA)]
    assert not redis_server.command("SMEMBERS", f"{leases.prefix}:rooms")


KINDS = [
    ("SET", "Eve"),
    ("SADD", "Eve"),
    ("ZADD", "1", "Eve"),
    ("HSET", "Eve", "1"),
    ("LPUSH", "Eve"),
    ("XADD", "*", "a", "b"),
]


@pytest.mark.parametrize("key", [":epoch", ":rooms", ":7", ":7:names", ":7:1"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind[0])
async def test_case_62_a_key_of_another_type_makes_room_for_ours(
    processes: Callable[[], RedisLeases], redis_server: RedisServer, key: str, kind: tuple[str, ...],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    leases = processes()
    await leases.hold([TABLE], LONG)
    redis_server.command("DEL", leases.prefix + key)
    redis_server.command(kind[0], leases.prefix + key, *kind[1:])
    for _ in range(4):
        await leases.hold([TABLE], LONG)
        await leases.shorten(TABLE, LONG)
        await leases.expire()
        assert await leases.here(7) == [ANA]
    other = processes()
    await other.hold([Place(7, BEA)], LONG)
    assert (await leases.here(7), await other.here(7)) == ([ANA, BEA], [ANA, BEA]), "and processes share them again"
    assert len(caplog.records) <= 2


async def test_without_redis_a_process_knows_its_own(tmp_path: Path) -> None:
    server = RedisServer(tmp_path).start()
    leases = RedisLeases(open_client(server.url), SIGNER)
    try:
        await leases.hold([TABLE], LONG)
        server.kill()
        assert await leases.hold([Place(7, BEA)], LONG) == [Place(7, BEA)]
        assert await leases.here(7) == [ANA, BEA]
        await leases.shorten(TABLE, OVER)
        assert await leases.expire() == [TABLE]
        server.start()
        assert await leases.hold([Place(7, BEA)], LONG) == []
        assert await leases.here(7) == [BEA]
    finally:
        server.kill()
        await leases.close()


async def test_one_entry_however_many_windows(leases: Leases) -> None:
    told: list[Event] = []
    presence = Presence(leases, told.extend, grace=OVER)
    for _ in range(3):
        await presence.arrive(TABLE)
    await presence.depart(TABLE)
    await presence.depart(TABLE)
    await presence.expire()
    assert [event.values["here"] for event in told] == [True]
    await presence.depart(TABLE)
    await presence.expire()
    await presence.renew()
    assert [event.values["here"] for event in told] == [True, False]
    assert {event.group for event in told} == {"room.7"}


async def test_without_its_cluster_a_process_knows_its_own(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cluster = RedisCluster(tmp_path).start()
    leases = RedisLeases(open_client(cluster.url), SIGNER)
    try:
        await leases.hold([TABLE], LONG)
        cluster.kill()
        for _ in range(3):
            assert await leases.here(7) == [ANA]
        assert [record.message[:33] for record in caplog.records] == ["presence has to do without Redis:"], "said once"
        for node in cluster.nodes:
            node.start()
        while leases.away:
            assert await leases.hold([Place(7, BEA)], LONG) in ([Place(7, BEA)], [])
        assert await leases.here(7) == [ANA, BEA]
        assert caplog.records[-1].message == "presence has Redis again"
    finally:
        cluster.kill()
        await leases.close()


async def test_one_node_of_a_cluster_under_the_wrong_scheme_is_explained(
    redis_cluster: RedisCluster, caplog: pytest.LogCaptureFixture
) -> None:
    for node in redis_cluster.nodes:  # two of the three do not own the keys
        leases = RedisLeases(open_client(node.url), SIGNER)
        await leases.hold([TABLE], LONG)
        await leases.close()
    assert sum("redis+cluster://" in record.message for record in caplog.records) == 2
