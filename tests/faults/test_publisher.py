"""What tells of changes goes on whatever happens to it, and tells nobody twice."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.channel_layer.redis_server import RedisServer
from tests.faults.cluster import until
from webapp.channel_layer import ChannelLayer, open_channel_layer
from webapp.domain.events import Event
from webapp.services.publisher import Publisher

pytestmark = pytest.mark.anyio


@pytest.fixture
async def layer(redis_server: RedisServer) -> AsyncIterator[ChannelLayer]:
    async with open_channel_layer(redis_server.url) as made:
        await until(lambda: made.connected, 20)
        yield made


def event(number: int, text: str = "") -> Event:
    return Event("room.1", {"type": "messages.changed", "number": number, "text": text})


async def test_an_event_that_no_layer_takes_does_not_end_the_telling(layer: ChannelLayer) -> None:
    """One message of over 1 MiB: told here, found by the others in their sweep; the next ones go everywhere."""
    publisher, here = Publisher(layer), []
    publisher.fallback = here.append
    channel = await layer.new_channel()
    await layer.group_add("room.1", channel)
    try:
        too_long = event(1, "x" * (2 << 20))
        publisher.tell([too_long, event(2)])
        async with asyncio.timeout(20):
            assert (await layer.receive(channel))["number"] == 2
        assert here == [too_long]
    finally:
        await publisher.close()


async def test_what_redis_did_not_take_is_told_here_once(layer: ChannelLayer, redis_server: RedisServer) -> None:
    publisher, here = Publisher(layer), []
    publisher.fallback = here.append
    channel = await layer.new_channel()
    await layer.group_add("room.1", channel)
    redis_server.pause()
    try:
        publisher.tell([event(number) for number in range(20)])
        async with asyncio.timeout(60):
            await publisher.idle.wait()
    finally:
        redis_server.resume()
    told = [each.values["number"] for each in here]
    publisher.tell([event(99)])
    await until(lambda: layer.connected, 20)
    publisher.tell([event(100)])
    async with asyncio.timeout(20):
        while told[-1:] != [100]:
            told.append((await layer.receive(channel))["number"])
    await publisher.close()
    assert sorted(told)[:20] == list(range(20)), "each once"
