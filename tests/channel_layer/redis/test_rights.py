"""A user without a right, and a server that is a replica: one clear problem each, which goes when its cause does."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from tests.channel_layer.redis_cluster import RedisCluster
from tests.channel_layer.redis_server import RedisServer
from tests.channel_layer.vocabulary import event, member, receives, soon, until
from tests.channel_layer.watched import Watched, bounded, ends_up
from webapp.channel_layer.redis.link import LONGEST_DELAY

pytestmark = pytest.mark.anyio

NewRedis = Callable[..., RedisServer]
LACKING = {
    "publish": ["+@all", "-publish", "allchannels"],
    "subscribe": ["+@all", "-subscribe", "allchannels"],
}
GROUP = "events:0:group:room.7"


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The loop that uvicorn runs us on; the contract suite runs on the standard one."""
    return "asyncio", {"use_uvloop": True}


def allow(server: RedisServer, *rights: str) -> str:
    """Gives the user `guest` these rights and no others; the URL with its name and password."""
    server.command("ACL", "SETUSER", "guest", "reset", "on", ">open", *rights)
    return server.url.replace("://", "://guest:open@")


def checks(server: RedisServer) -> int:
    return int(server.command("INFO", "commandstats").get("cmdstat_ping", {}).get("calls", 0))


async def a_while(server: RedisServer) -> None:
    """In which both connections have been checked again, twice."""
    before = checks(server)
    await until(lambda: checks(server) >= before + 4)


def connections_made(server: RedisServer, user: str = "guest") -> set[bytes]:
    lines = server.command("CLIENT", "LIST").splitlines()
    return {line.split()[0] for line in lines if f"user={user}".encode() in line}


@pytest.mark.parametrize("right", LACKING)
async def test_a_user_without_a_right_is_one_problem(
    own_redis: RedisServer, caplog: pytest.LogCaptureFixture, right: str
) -> None:
    """Told once, on a connection that is kept; and when the right is given, it is told that all is well."""
    caplog.set_level(logging.INFO)
    async with Watched(allow(own_redis, *LACKING[right])) as layer:
        channel = await soon(member(layer, "room.7"))
        await until(lambda: f"the Redis user may not {right}" in (layer.problem or ""))
        connections = connections_made(own_redis)
        for number in range(5):
            if right == "publish":
                assert f"may not {right}" in await bounded(layer.group_send("room.7", event(number)))
            else:
                await soon(layer.group_send("room.7", event(number)))
        await a_while(own_redis)
        assert connections_made(own_redis) == connections
        assert (layer.connected, layer.told) == (False, [])
        assert [each.levelno for each in caplog.records] == [logging.WARNING]
        assert await receives(layer, channel, 5) == [0, 1, 2, 3, 4]
        allow(own_redis, "+@all", "allchannels")
        await ends_up(layer, told=[True])
        assert layer.problem is None
        assert own_redis.subscribers(GROUP) == 1


async def test_a_refusal_concerns_that_group_alone(own_redis: RedisServer) -> None:
    """What comes first must not fail with it, nor what comes after; the connection stays."""
    pattern = ["+@all", "resetchannels", "&events:0:process:*", "&events:0:group:open.*"]
    async with Watched(allow(own_redis, *pattern)) as here, Watched(own_redis.url) as there:
        await ends_up(here, there, told=[True])
        connections = connections_made(own_redis)
        hearing, heard = await member(there, "open.1"), await member(there, "room.7")
        calls = [here.group_send(group, event(n)) for n, group in enumerate(["open.1", "room.7", "open.1"])]
        first, refused, last = await soon(asyncio.gather(*calls, return_exceptions=True))
        assert (first, last) == (None, None)
        assert "may not publish" in str(refused)
        assert await receives(there, hearing, 2) == [0, 2]
        await soon(here.group_send("open.1", event(3)))
        joined = await soon(member(here, "room.8", "open.2"))
        await there.group_send("open.2", event(4))
        assert await receives(here, joined) == [4]
        await a_while(own_redis)
        assert connections_made(own_redis) == connections
        assert (here.connected, here.told) == (False, [True, False])
        allow(own_redis, "+@all", "allchannels")
        await ends_up(here, told=[True, False, True])
        await here.group_send("room.7", event(5))
        assert await receives(there, heard) == [5], "a probe is no message"


async def test_a_right_that_is_taken_away(own_redis: RedisServer) -> None:
    url = allow(own_redis, "+@all", "allchannels")
    async with Watched(url) as layer:
        await ends_up(layer, told=[True])
        allow(own_redis, *LACKING["publish"])
        assert "may not publish" in await bounded(layer.group_send("room.7", event(1)))
        await ends_up(layer, told=[True, False])
        await a_while(own_redis)
        assert layer.told == [True, False]


async def test_a_cluster_user_without_publish(shared_cluster: RedisCluster, caplog: pytest.LogCaptureFixture) -> None:
    for node in shared_cluster.nodes:
        allow(node, "+@all", "-spublish", "allchannels")
    try:
        async with Watched(shared_cluster.url.replace("://", "://guest:open@")) as layer:
            await until(lambda: "the Redis user may not publish" in (layer.problem or ""))
            await bounded(layer.group_send("room.7", event(1)))
            assert (layer.told, len(caplog.records)) == ([], 1)
            for node in shared_cluster.nodes:
                allow(node, "+@all", "allchannels")
            await ends_up(layer, told=[True])
    finally:
        for node in shared_cluster.nodes:
            node.command("ACL", "DELUSER", "guest")


@pytest.fixture
def replicated(new_redis: NewRedis) -> tuple[RedisServer, RedisServer]:
    """A server and its replica."""
    master = new_redis().start()
    return master, new_redis("--replicaof", f"127.0.0.1 {master.port}").start()


async def test_a_replica_is_named_and_its_promotion_is_noticed(
    replicated: tuple[RedisServer, RedisServer], caplog: pytest.LogCaptureFixture
) -> None:
    master, replica = replicated
    async with Watched(replica.url) as layer:
        channel = await soon(member(layer, "room.7"))
        await until(lambda: layer.problem is not None)
        assert "is a replica" in (layer.problem or "")
        assert f"must name its master, 127.0.0.1:{master.port}" in (layer.problem or "")
        await bounded(layer.group_send("room.7", event(1)))
        assert (layer.told, len(caplog.records)) == ([], 1)
        replica.command("REPLICAOF", "NO", "ONE")
        await ends_up(layer, told=[True])
        async with Watched(replica.url) as there:
            await there.group_send("room.7", event(2))
            assert await receives(layer, channel, 2) == [1, 2]


@pytest.mark.parametrize("busy", [False, True])
async def test_a_master_that_is_demoted_is_noticed(replicated: tuple[RedisServer, RedisServer], busy: bool) -> None:
    """Redis closes no connection for that. Traffic leaves it no quiet moment to be asked in."""
    server, other = replicated
    other.command("REPLICAOF", "NO", "ONE")
    async with Watched(server.url) as layer:
        await ends_up(layer, told=[True])
        talking = asyncio.ensure_future(talk(layer) if busy else asyncio.sleep(0))
        before = connections_made(server, "default")
        server.command("REPLICAOF", "127.0.0.1", str(other.port))
        await ends_up(layer, told=[True, False])
        assert "is a replica" in (layer.problem or "")
        await until(lambda: not before & connections_made(server, "default"))
        server.command("REPLICAOF", "NO", "ONE")
        await ends_up(layer, told=[True, False, True])
        talking.cancel()


async def talk(layer: Watched) -> None:
    while True:
        if layer.connected:
            await asyncio.gather(layer.group_send("room.7", event(1)), return_exceptions=True)
        await asyncio.sleep(0.001)


async def test_a_server_that_does_not_tell_its_role_is_taken_for_a_master(own_redis: RedisServer) -> None:
    """A user may lack the right to ask; proxies do not know the command."""
    async with Watched(allow(own_redis, "+@all", "-role", "allchannels")) as layer:
        await ends_up(layer, told=[True])
        await layer.group_send("room.7", event(1))


def test_a_server_that_is_back_is_found_within_a_second() -> None:
    assert LONGEST_DELAY <= 1
