"""The publisher for synchronous code while Redis is absent, stopped, silent, or not what it should be.

Each call is made in a thread under a deadline, which is there against a hang, not as a measure.
"""

import asyncio
from collections.abc import Callable

import pytest

from tests.channel_layer.conftest import PATIENCE
from tests.channel_layer.redis_cluster import RedisCluster
from tests.channel_layer.redis_server import RedisServer
from tests.channel_layer.vocabulary import event, member, receives, receives_nothing, soon, until
from tests.ports import free_port
from webapp.channel_layer import BlockingPublisher, LayerUnavailable, RedisChannelLayer, open_publisher

pytestmark = pytest.mark.anyio

NewRedis = Callable[..., RedisServer]
NewCluster = Callable[..., RedisCluster]
GROUPS = [f"room.{number}" for number in range(24)]
SHORT = 0.3
"""Seconds for what is going to fail."""


async def tell(publisher: BlockingPublisher, group: str, number: int) -> None:
    await soon(asyncio.to_thread(publisher.group_send, group, event(number)))


async def fails(publisher: BlockingPublisher, group: str = "a", number: int = -1) -> str:
    with pytest.raises(LayerUnavailable) as unavailable:
        await tell(publisher, group, number)
    return unavailable.value.reason


async def test_absent_then_there(new_redis: NewRedis) -> None:
    server = new_redis()
    with open_publisher(server.url) as publisher:
        assert "refused" in await fails(publisher)
        server.start()
        async with RedisChannelLayer(server.url, timeout=PATIENCE) as layer, layer.subscribe("a") as events:
            await tell(publisher, "a", 1)
            assert await soon(anext(events)) == event(1)


@pytest.mark.parametrize("host", ["nowhere.invalid", "x" * 70 + ".invalid"])
@pytest.mark.parametrize("scheme", ["redis", "redis+cluster"])
async def test_a_host_that_is_not_found(scheme: str, host: str) -> None:
    with open_publisher(f"{scheme}://{host}:6379") as publisher:
        assert await fails(publisher)


async def test_a_restart_between_two_calls_costs_none(own_redis: RedisServer) -> None:
    """The connection that the server has closed is noticed before it is used."""
    with open_publisher(own_redis.url) as publisher:
        await tell(publisher, "a", 1)
        own_redis.kill()
        own_redis.start()
        await tell(publisher, "a", 2)
        assert own_redis.command("INFO", "commandstats")["cmdstat_publish"]["calls"] == 1


async def test_silent_it_ends_within_the_timeout_and_nothing_is_sent_twice(own_redis: RedisServer) -> None:
    async with RedisChannelLayer(own_redis.url, timeout=PATIENCE) as layer, layer.subscribe("a") as events:
        with open_publisher(own_redis.url, timeout=SHORT) as publisher:
            await tell(publisher, "a", 1)
            own_redis.pause()
            reasons = await asyncio.gather(*(fails(publisher, number=number) for number in (2, 3, 4)))
            own_redis.resume()
            assert any("imeout" in reason or "in time" in reason for reason in reasons)
        with open_publisher(own_redis.url, timeout=PATIENCE) as publisher:
            await tell(publisher, "a", 9)
        heard = [(await soon(anext(events)))["number"]]
        while heard[-1] != 9:
            heard.append((await soon(anext(events)))["number"])
        assert len(heard) == len(set(heard)), heard
        await receives_nothing(layer, events.channel, layer)


async def test_who_waits_for_another_threads_event_is_let_go(own_redis: RedisServer) -> None:
    with open_publisher(own_redis.url, timeout=SHORT) as publisher:
        await tell(publisher, "a", 1)
        own_redis.pause()
        reasons = await asyncio.gather(*(fails(publisher, number=number) for number in range(4)))
        own_redis.resume()
        assert "the events of other threads are waiting for the server" in reasons


async def test_a_replica_is_named(new_redis: NewRedis) -> None:
    master = new_redis().start()
    replica = new_redis("--replicaof", f"127.0.0.1 {master.port}").start()
    with open_publisher(replica.url) as publisher:
        assert "is a replica" in await fails(publisher)
        replica.command("REPLICAOF", "NO", "ONE")
        await tell(publisher, "a", 1)
        replica.command("REPLICAOF", "127.0.0.1", str(master.port))
        assert "is a replica" in await fails(publisher), "also one that was demoted meanwhile"


@pytest.mark.parametrize(
    ("user", "says"),
    [
        (":wrong-guess@", "invalid username-password pair"),
        ("", "Authentication required"),
        ("guest:open@", "may not publish"),
    ],
)
async def test_a_lock_that_it_cannot_open(new_redis: NewRedis, user: str, says: str) -> None:
    server = new_redis(password="sesame").start()
    server.command("ACL", "SETUSER", "guest", "on", ">open", "+@all", "-publish", "allchannels")
    with open_publisher(server.url.replace("://", f"://{user}")) as publisher:
        reason = await fails(publisher)
        assert says in reason
        assert not any(secret in reason for secret in ("wrong-guess", "sesame", ":open"))


async def test_the_right_to_ask_for_the_role_is_not_needed(own_redis: RedisServer) -> None:
    own_redis.command("ACL", "SETUSER", "guest", "on", ">open", "+publish", "allchannels")
    with open_publisher(own_redis.url.replace("://", "://guest:open@")) as publisher:
        await tell(publisher, "a", 1)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"+OK\r\n" * 10, b"*1\r\n*0\r\n:1\r\n"])
async def test_something_that_is_no_redis(answer: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer)
        writer.close()

    port = free_port()
    async with await asyncio.start_server(talk, "127.0.0.1", port):
        with open_publisher(f"redis://127.0.0.1:{port}", timeout=SHORT) as publisher:
            assert await fails(publisher)
            assert await fails(publisher)


# A cluster


def topic(group: str) -> str:
    return f"events:0:group:{group}"


async def test_each_group_is_published_at_its_owner(shared_cluster: RedisCluster) -> None:
    """One dead seed does no harm, and one that lives is enough."""
    url = f"redis+cluster://127.0.0.1:{free_port()},127.0.0.1:{shared_cluster.nodes[-1].port}"
    async with RedisChannelLayer(shared_cluster.url, timeout=PATIENCE) as layer:
        channel = await member(layer, *GROUPS)
        with open_publisher(url, timeout=PATIENCE) as publisher:
            for number, group in enumerate(GROUPS):
                await tell(publisher, group, number)
        assert sorted(await receives(layer, channel, len(GROUPS))) == list(range(len(GROUPS)))


async def test_a_slot_that_has_moved_is_followed(new_cluster: NewCluster) -> None:
    """The publisher does not know it yet; the event still arrives, once."""
    cluster = new_cluster(password="sesame")
    async with RedisChannelLayer(cluster.url, timeout=PATIENCE) as layer:
        channel = await member(layer, "a")
        with open_publisher(cluster.url, timeout=PATIENCE) as publisher:
            await tell(publisher, "a", 1)
            assert await receives(layer, channel) == [1]
            owner = cluster.owner(topic("a"))
            to = next(node for node in cluster.masters if node is not owner)
            cluster.move(topic("a"), to)
            await until(lambda: cluster.listeners(topic("a")) == {to.port: 1})
            await tell(publisher, "a", 2)
            assert await receives(layer, channel) == [2]
            await receives_nothing(layer, channel, layer)


async def test_while_a_node_is_down_the_others_groups_go_on(new_cluster: NewCluster) -> None:
    """Then its replica takes over."""
    cluster = new_cluster(replicas=1)
    dying = cluster.masters[0]
    lost = next(group for group in GROUPS if cluster.owner(topic(group)) is dying)
    well = [group for group in GROUPS if cluster.owner(topic(group)) is not dying]
    with open_publisher(cluster.url) as publisher:
        for group in GROUPS:
            await tell(publisher, group, 1)
        dying.kill()
        await fails(publisher, lost)
        for group in well:
            await tell(publisher, group, 2)
        async with asyncio.timeout(40):
            while not await gets_through(publisher, lost):  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def gets_through(publisher: BlockingPublisher, group: str) -> bool:
    try:
        await tell(publisher, group, 3)
    except LayerUnavailable:
        return False
    return True


async def test_a_silent_cluster_ends_within_the_timeout(new_cluster: NewCluster) -> None:
    cluster = new_cluster()
    with open_publisher(cluster.url, timeout=SHORT) as publisher:
        for node in cluster.nodes:
            node.pause()
        await fails(publisher)
        for node in cluster.nodes:
            node.resume()


async def test_a_slot_that_nobody_serves_is_told(new_cluster: NewCluster) -> None:
    cluster = new_cluster()
    with open_publisher(cluster.url, timeout=PATIENCE) as publisher:
        await tell(publisher, "a", 1)
        cluster.abandon(topic("a"))
        said = await fails(publisher)
        assert "no node" in said or "not served" in said


async def test_a_server_that_is_no_cluster_is_named(shared_redis: RedisServer) -> None:
    with open_publisher(shared_redis.url.replace("redis:", "redis+cluster:")) as publisher:
        assert "cluster" in (await fails(publisher)).lower()
