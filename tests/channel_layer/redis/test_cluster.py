"""What is particular to a Redis Cluster: each group in its shard, slots that move, nodes that die."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.channel_layer.conftest import PATIENCE
from tests.channel_layer.redis_cluster import WITHIN, RedisCluster
from tests.channel_layer.redis_server import RedisServer
from tests.channel_layer.vocabulary import event, member, receives, soon, until
from tests.channel_layer.watched import Watched, bounded, two_processes
from webapp.channel_layer import LayerUnavailable, RedisChannelLayer, open_channel_layer
from webapp.services.throttle import Throttle
from webapp.settings import Limits

pytestmark = pytest.mark.anyio

NewCluster = Callable[..., RedisCluster]
GROUPS = [f"room.{number}" for number in range(24)]


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The loop that uvicorn runs us on; the contract suite runs on the standard one."""
    return "asyncio", {"use_uvloop": True}


def topic(group: str) -> str:
    return f"events:0:group:{group}"


@pytest.fixture
async def no_late_writes() -> AsyncIterator[None]:
    """uvloop's TLS may write to a transport that it has closed, after a handshake that was given up (uvloop issue 506);
    a busy machine gives some up. Any other error of a callback is an error here, too."""
    loop = asyncio.get_running_loop()
    strict = loop.get_exception_handler()
    assert strict is not None

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if "the handler is closed" not in str(context.get("exception")):
            strict(loop, context)

    loop.set_exception_handler(handle)
    yield
    loop.set_exception_handler(strict)


@asynccontextmanager
async def in_all_rooms(cluster: RedisCluster, options: str = "") -> AsyncIterator[tuple[Watched, Watched, str]]:
    """Two processes, and a channel of the second in all GROUPS."""
    async with two_processes(cluster.url + options) as (here, there):
        yield here, there, await member(there, *GROUPS)


async def all_rooms_hear(here: RedisChannelLayer, there: RedisChannelLayer, channel: str) -> None:
    """In order of arrival, which between nodes means nothing."""
    for number, group in enumerate(GROUPS):
        await here.group_send(group, event(number))
    assert sorted(await receives(there, channel, len(GROUPS))) == list(range(len(GROUPS)))


async def heals(cluster: RedisCluster, *layers: Watched) -> None:
    """Each owner was told that something was lost, and then that it is back."""
    async with asyncio.timeout(WITHIN):
        while not all(layer.connected and layer.told[-2:] == [False, True] for layer in layers):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def gets_through(layer: RedisChannelLayer, group: str, number: int) -> None:
    """Who only publishes learns from a node's refusal that a slot has moved: that message is not told to others."""
    async with asyncio.timeout(WITHIN):
        while True:
            try:
                return await layer.group_send(group, event(number))
            except LayerUnavailable:
                await asyncio.sleep(0.02)


async def test_each_group_is_heard_at_its_owner_and_nowhere_else(shared_cluster: RedisCluster) -> None:
    async with in_all_rooms(shared_cluster) as (here, there, channel):
        owners = {group: shared_cluster.owner(topic(group)).port for group in GROUPS}
        assert set(owners.values()) == {node.port for node in shared_cluster.masters}, "all shards have some"
        for group in GROUPS:
            assert shared_cluster.listeners(topic(group)) == {owners[group]: 1}
        second = await member(there, *GROUPS)
        assert shared_cluster.listeners(topic(GROUPS[0])) == {owners[GROUPS[0]]: 1}, "once per process"
        await there.close_channel(second)
        await all_rooms_hear(here, there, channel)
        await there.close_channel(channel)
        await until(lambda: not any(shared_cluster.listeners(topic(group)) for group in GROUPS))


async def test_one_seed_is_enough_and_a_dead_one_does_no_harm(shared_cluster: RedisCluster) -> None:
    last = shared_cluster.nodes[-1].port
    async with AsyncExitStack() as stack:
        for url in (f"redis+cluster://127.0.0.1:{last}", f"redis+cluster://127.0.0.1:1,127.0.0.1:{last}/0"):
            layer = await stack.enter_async_context(RedisChannelLayer(url, timeout=PATIENCE))
            channel = await member(layer, "room.7")
            await layer.group_send("room.7", event(1))
            assert await receives(layer, channel) == [1]
            await until(lambda layer=layer: layer.connected)


async def test_a_password(new_cluster: NewCluster) -> None:
    cluster = new_cluster(password="sesame")
    async with in_all_rooms(cluster) as (here, there, channel):
        await all_rooms_hear(here, there, channel)
    async with Watched(cluster.url.replace("sesame", "mumble")) as stranger:
        await until(lambda: stranger.problem is not None)
        assert "mumble" not in (stranger.problem or "")
        await bounded(stranger.group_send("room.7", event(1)))


@pytest.mark.usefixtures("no_late_writes")
async def test_tls(new_cluster: NewCluster, certificate: tuple[Path, list[str]]) -> None:
    file, words = certificate
    cluster = new_cluster(tls=words)
    async with in_all_rooms(cluster, f"?ssl_ca_certs={file}") as (here, there, channel):
        await all_rooms_hear(here, there, channel)
    throttle = Throttle(Limits(), f"{cluster.url}?ssl_ca_certs={file}")
    for _ in range(5):
        await throttle.sign_in("a", "ana")
    keys = [node.command("INFO", "keyspace").get("db0", {}).get("keys", 0) for node in cluster.nodes]
    assert sum(keys) == 2, "counted in the cluster"
    async with Watched(cluster.url) as stranger:
        await until(lambda: "certificate" in (stranger.problem or "").lower())


async def test_a_group_follows_its_slot_to_another_node(new_cluster: NewCluster) -> None:
    cluster = new_cluster()
    group = GROUPS[0]
    async with in_all_rooms(cluster) as (here, there, channel):
        for to in [*cluster.masters, *cluster.masters]:
            if to is cluster.owner(topic(group)):
                continue
            cluster.move(topic(group), to)
            await heals(cluster, there)
            del there.told[:]
            assert cluster.listeners(topic(group)) == {to.port: 1}
            await gets_through(here, group, -1)
            assert await receives(there, channel) == [-1]
            await all_rooms_hear(here, there, channel)


async def test_a_dead_masters_groups_go_on_at_its_replica(new_cluster: NewCluster) -> None:
    cluster = new_cluster(replicas=1)
    async with in_all_rooms(cluster) as (here, there, channel):
        dying, replica = cluster.masters[0], cluster.nodes[-1]
        lost = next(group for group in GROUPS if cluster.owner(topic(group)) is dying)
        dying.kill()
        await until(lambda: not here.connected and not there.connected)
        await bounded(here.group_send(lost, event(-1)))
        await heals(cluster, here, there)
        assert cluster.listeners(topic(lost))[replica.port] == 1
        await all_rooms_hear(here, there, channel)


async def test_the_other_shards_go_on_while_one_is_down(new_cluster: NewCluster) -> None:
    """Then that node is back, empty."""
    cluster = new_cluster()
    async with in_all_rooms(cluster) as (here, there, channel):
        dying: RedisServer = cluster.masters[1]
        well = [group for group in GROUPS if cluster.owner(topic(group)) is not dying]
        dying.kill()
        await until(lambda: not here.connected and not there.connected)
        for number, group in enumerate(well):
            await soon(here.group_send(group, event(number)))
        assert sorted(await receives(there, channel, len(well))) == list(range(len(well)))
        dying.start()
        await heals(cluster, here, there)
        await all_rooms_hear(here, there, channel)


async def test_all_nodes_are_killed_and_come_back(new_cluster: NewCluster) -> None:
    cluster = new_cluster()
    async with in_all_rooms(cluster) as (here, there, channel):
        cluster.kill()
        await until(lambda: not here.connected and not there.connected)
        joined = await soon(member(there, "joined"))
        await bounded(here.group_send(GROUPS[0], event(-1)))
        for node in cluster.nodes:
            node.start()
        await heals(cluster, here, there)
        await all_rooms_hear(here, there, channel)
        await here.group_send("joined", event(1))
        assert await receives(there, joined) == [1]


async def test_absent_at_the_start(new_cluster: NewCluster, caplog: pytest.LogCaptureFixture) -> None:
    cluster = new_cluster()
    cluster.kill()
    async with Watched(cluster.url) as here, Watched(cluster.url) as there:
        channel = await soon(member(there, "room.7"))
        await until(lambda: bool(here.problem and there.problem))
        await bounded(here.group_send("room.7", event(1)))
        assert len(caplog.records) == 2, "once a process, however many nodes it tries"
        for node in cluster.nodes:
            node.start()
        async with asyncio.timeout(WITHIN):
            while not (here.connected and there.connected):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await here.group_send("room.7", event(2))
        assert await receives(there, channel) == [2]
        assert here.told == there.told == [True]


async def test_a_server_that_is_no_cluster_is_named(shared_redis: RedisServer) -> None:
    async with Watched(shared_redis.url.replace("redis:", "redis+cluster:")) as layer:
        await until(lambda: layer.problem is not None)
        assert "cluster" in (layer.problem or "").lower()
        assert not layer.connected


async def test_close_leaves_no_connection(shared_cluster: RedisCluster) -> None:
    before = connections(shared_cluster)
    layer = RedisChannelLayer(shared_cluster.url)
    await member(layer, *GROUPS)
    assert connections(shared_cluster) >= before + 6
    await layer.close()
    await until(lambda: connections(shared_cluster) == before)
    await RedisChannelLayer(shared_cluster.url).close()


def connections(cluster: RedisCluster) -> int:
    return sum(len(node.command("CLIENT", "LIST", "TYPE", "normal").splitlines()) for node in cluster.nodes) + sum(
        len(node.command("CLIENT", "LIST", "TYPE", "pubsub").splitlines()) for node in cluster.nodes
    )


@pytest.mark.parametrize(
    "url",
    [
        "redis+cluster://127.0.0.1:7000/3",
        "redis+sentinel://127.0.0.1:7000",
        "unix+cluster:///tmp/redis.sock",
        "redis+cluster://127.0.0.1:7000,127.0.0.1:port",
        "redis+cluster://127.0.0.1:7000?nonsense=1",
        "redis+cluster://127.0.0.1:7000,",
        "redis+cluster://",
        "redis+cluster://ana:12#3@127.0.0.1:7000",
        "redis://ana:12#3@127.0.0.1:7000",
        "redis://127.0.0.1:7000?retry=3",
    ],
)
def test_a_url_that_cannot_be_understood_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match=r"[Rr]edis"):
        open_channel_layer(url)
