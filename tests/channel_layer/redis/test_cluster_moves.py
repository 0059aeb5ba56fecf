"""Slots on the move: at the worst moments, to nobody, and within a shard."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from tests.channel_layer.redis_cluster import WITHIN, RedisCluster, name
from tests.channel_layer.redis_server import RedisServer
from tests.channel_layer.vocabulary import event, member, receives, soon, until
from tests.channel_layer.watched import Watched, bounded, two_processes
from tests.wires import unread
from webapp.channel_layer import LayerUnavailable
from webapp.channel_layer.redis.slots import NO_NODE, slot_of

pytestmark = pytest.mark.anyio

NewCluster = Callable[..., RedisCluster]
GROUP = "room.7"
TOPIC = "events:0:group:room.7"


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The loop that uvicorn runs us on; the contract suite runs on the standard one."""
    return "asyncio", {"use_uvloop": True}


async def within(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not condition():  # noqa: ASYNC110  a server's state has no event to wait for
            await asyncio.sleep(0.02)


def another(cluster: RedisCluster, node: RedisServer) -> RedisServer:
    return next(each for each in cluster.masters if each is not node)


def neighbours(cluster: RedisCluster, node: RedisServer) -> list[str]:
    """Groups that live with `node`."""
    groups = [f"neighbour.{number}" for number in range(60)]
    return [group for group in groups if cluster.owner(f"events:0:group:{group}") is node][:5]


async def test_confirmed_and_disowned_in_one_breath(new_cluster: NewCluster) -> None:
    """The node confirms, and says in the same packet that the slot has gone; then it has it again."""
    cluster = new_cluster()
    async with two_processes(cluster.url) as (here, there):
        owner = cluster.owner(TOPIC)
        slot, ids = slot_of(TOPIC), (name(another(cluster, owner)), name(owner))
        channel = await there.new_channel()
        owner.pause()
        joining = asyncio.create_task(there.group_add(GROUP, channel))
        await until(lambda: unread(owner.port) > 0)  # the command comes before the next two
        typed = owner.type_ahead(*(f"CLUSTER SETSLOT {slot} NODE {each}" for each in ids))
        owner.resume()
        await soon(joining)
        await within(lambda: bool(cluster.listeners(TOPIC)) and here.connected and there.connected)
        typed.close()
        await here.group_send(GROUP, event(1))
        assert await receives(there, channel) == [1]


async def test_leaving_while_the_slot_leaves(new_cluster: NewCluster) -> None:
    """Whatever answers whom, the neighbours on that node's connection lose nothing."""
    cluster = new_cluster()
    async with two_processes(cluster.url) as (here, there):
        owner = cluster.owner(TOPIC)
        to = another(cluster, owner)
        channel = await member(there, GROUP)
        stayers = neighbours(cluster, owner)
        staying = await member(there, *stayers)
        to.command("CLUSTER", "SETSLOT", str(slot_of(TOPIC)), "NODE", name(to))
        connections = listening_on(owner)
        owner.pause()
        typed = owner.type_ahead(f"CLUSTER SETSLOT {slot_of(TOPIC)} NODE {name(to)}")
        await there.group_discard(GROUP, channel)
        joined = asyncio.create_task(there.group_add(stayers[0], channel))
        await until(lambda: unread(owner.port) > 0)
        owner.resume()
        await soon(joined)
        for number, group in enumerate(stayers):
            await here.group_send(group, event(number))
        assert sorted(await receives(there, staying, len(stayers))) == list(range(len(stayers)))
        assert await receives(there, channel) == [0]
        assert listening_on(owner) == connections, "none was given up"
        typed.close()


def listening_on(node: RedisServer) -> set[str]:
    """The connections that are subscribed to something there."""
    return {line.split()[0] for line in node.command("CLIENT", "LIST", "TYPE", "pubsub").decode().splitlines()}


async def test_a_slot_that_nobody_serves_is_told_and_heals(new_cluster: NewCluster) -> None:
    cluster = new_cluster()
    async with two_processes(cluster.url) as (here, there):
        channel = await member(there, GROUP)
        owner = cluster.abandon(TOPIC)
        await within(lambda: not there.connected)
        assert there.problem == NO_NODE
        await bounded(here.group_send(GROUP, event(1)))
        await within(lambda: not here.connected)
        latecomer = await soon(member(here, GROUP))
        cluster.give(TOPIC, owner)
        await within(lambda: here.connected and there.connected)
        assert here.told == there.told == [True, False, True]
        await here.group_send(GROUP, event(2))
        assert await receives(there, channel) == [2]
        await there.group_send(GROUP, event(3))
        assert await receives(here, latecomer, 2) == [2, 3]


async def test_a_slot_that_nobody_served_at_the_start(new_cluster: NewCluster) -> None:
    cluster = new_cluster()
    owner = cluster.abandon(TOPIC)
    async with Watched(cluster.url) as here, Watched(cluster.url) as there:
        channel = await soon(member(there, GROUP))
        await until(lambda: there.problem == NO_NODE)
        await bounded(here.group_send(GROUP, event(1)))
        cluster.give(TOPIC, owner)
        await within(lambda: here.connected and there.connected)
        await here.group_send(GROUP, event(2))
        assert await receives(there, channel) == [2]


async def test_a_promotion_in_peace_doubles_nothing(new_cluster: NewCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.channel_layer.redis.cluster.LOOK_AGAIN", 0.05)
    cluster = new_cluster(replicas=1)
    replica = cluster.nodes[-1]
    group = neighbours(cluster, cluster.masters[0])[0]
    async with two_processes(cluster.url) as (here, there):
        channel = await member(there, group)
        heard: list[int] = []
        listening = asyncio.create_task(listen(there, channel, heard))
        replica.command("CLUSTER", "FAILOVER")
        sent = await talk(here, group, until=lambda: group_lives_at(cluster, group, replica))
        await within(lambda: sent in heard)
        assert len(heard) == len(set(heard))
        listening.cancel()


def group_lives_at(cluster: RedisCluster, group: str, node: RedisServer) -> bool:
    return set(cluster.listeners(f"events:0:group:{group}")) == {node.port}


async def listen(layer: Watched, channel: str, heard: list[int]) -> None:
    while True:
        heard.append((await layer.receive(channel))["number"])


async def talk(layer: Watched, group: str, until: Callable[[], bool]) -> int:
    """Numbers what it sends until the condition holds, and then a little more; the last one's number."""
    more, number = 20, 0
    async with asyncio.timeout(WITHIN):
        while more:
            number += 1
            more -= until()
            try:
                await layer.group_send(group, event(number))
            except LayerUnavailable:
                await asyncio.sleep(0.02)
                continue
            await asyncio.sleep(0)
    return number


async def test_two_names_of_one_node_are_one_node(new_cluster: NewCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster of one does not know its own name, so it is where it was asked: here or there."""
    monkeypatch.setattr("webapp.channel_layer.redis.cluster.LOOK_AGAIN", 0.02)
    cluster = new_cluster(masters=1)
    port = cluster.nodes[0].port
    async with Watched(f"redis+cluster://localhost:{port},127.0.0.1:{port}") as layer:
        channel = await member(layer, GROUP)
        await within(
            lambda: int(cluster.nodes[0].command("INFO", "commandstats")["cmdstat_cluster|slots"]["calls"]) > 20
        )
        await layer.group_send(GROUP, event(1))
        assert await receives(layer, channel) == [1]
        assert layer.told == [True]


async def test_joining_is_not_worth_a_line(shared_cluster: RedisCluster, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with Watched(shared_cluster.url) as layer:
        await member(layer, *(f"room.{number}" for number in range(20)))
        await until(lambda: layer.connected)
        assert [record.message for record in caplog.records if record.name.startswith("webapp")] == [
            "the channel layer reaches Redis"
        ]


async def test_who_came_before_the_first_map_goes_first(shared_cluster: RedisCluster) -> None:
    async with Watched(shared_cluster.url) as there:
        channel = await member(there, GROUP)
        await until(lambda: there.connected)
        for _ in range(10):
            async with Watched(shared_cluster.url) as here:
                sending = []
                for number in range(9):  # one begins at each turn of the loop, before, while and after the map comes
                    sending.append(asyncio.create_task(here.group_send(GROUP, event(number))))
                    await asyncio.sleep(0)
                    await asyncio.sleep(0.0005)
                await soon(asyncio.gather(*sending))
                assert await receives(there, channel, 9) == list(range(9))
