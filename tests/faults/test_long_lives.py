"""Case 38: a socket that has been open for 25 hours still receives. The hours are passed by clocks, not by waiting."""

import asyncio
import time
import uuid

import pytest
from sqlalchemy import text

from tests.channel_layer.redis_server import RedisServer
from tests.channel_layer.vocabulary import Clock
from tests.faults.audit import settled
from tests.faults.cluster import Cluster, Town, until
from tests.faults.traffic import traffic
from webapp.channel_layer import ChannelLayer, MemoryChannelLayer, RedisChannelLayer
from webapp.store.engine import open_engine

pytestmark = pytest.mark.anyio

HOUR = 3600
DAYS_IN_MICROSECONDS = 86_400_000_000


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_case_38_a_groups_member_of_25_hours(kind: str, redis_server: RedisServer) -> None:
    """Neither time, nor messages that nobody took, end a membership."""
    clock = Clock()
    layer: ChannelLayer = (
        MemoryChannelLayer(10, 60, clock=clock)
        if kind == "memory"
        else RedisChannelLayer(redis_server.url, 10, 60, prefix=uuid.uuid4().hex, clock=clock)
    )
    async with layer:
        channel = await layer.new_channel()
        await layer.group_add("room.1", channel)
        await until(lambda: layer.connected, 20)
        for hour in range(25):
            await layer.send(channel, {"type": "never.taken"})
            clock.now += HOUR
            await layer.group_send("room.1", {"type": "hour.passed", "hour": hour})
            async with asyncio.timeout(20):
                assert await layer.receive(channel) == {"type": "hour.passed", "hour": hour}


async def test_case_38_a_session_of_25_hours(cluster: Cluster, town: Town) -> None:
    """Sockets opened, as far as their sessions know, 25 hours ago: heartbeats come, sweeps pass, messages arrive."""
    await asyncio.to_thread(age, cluster, 25 / 24)
    async with traffic(cluster, town, readers=4) as t:
        assert all(reader.live for reader in t.readers)
        await until(lambda: all(reader.heartbeats for reader in t.readers), 60)  # ten seconds apart; sweeps, two
        await t.burst(10)
        assert await settled(t.readers, await cluster.heads(t.rooms))
        assert not any(reader.codes for reader in t.readers)
        await t.comes_out_clean()


def age(cluster: Cluster, days: float) -> None:
    """All sessions began, and were last seen, so long ago."""
    moment = time.time_ns() // 1000 - int(days * DAYS_IN_MICROSECONDS)
    engine = open_engine(cluster.database_url)
    with engine.connect() as connection, connection.begin():
        connection.execute(text("UPDATE sessions SET created_at = :moment, seen_at = :moment"), {"moment": moment})
    engine.dispose()
