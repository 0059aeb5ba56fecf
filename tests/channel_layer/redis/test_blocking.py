"""The publisher for synchronous code, while Redis is well. When it is not: test_blocking_faults.py."""

import asyncio
import os
import threading
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.channel_layer.conftest import CAPACITY, KEYS, PATIENCE
from tests.channel_layer.redis_cluster import RedisCluster
from tests.channel_layer.redis_server import RedisServer
from tests.channel_layer.vocabulary import event, member, receives, receives_nothing, until
from tests.ports import free_port
from webapp.channel_layer import BlockingPublisher, LayerClosed, RedisChannelLayer, WrongLoop, open_publisher

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Town:
    """Two processes, and a publisher with the same prefix and keys, all on one Redis."""

    here: RedisChannelLayer
    there: RedisChannelLayer
    publisher: BlockingPublisher


@pytest.fixture(params=["redis", "signed", "cluster"])
async def town(request: pytest.FixtureRequest) -> AsyncIterator[Town]:
    url = request.getfixturevalue("shared_cluster" if request.param == "cluster" else "shared_redis").url
    same: dict[str, Any] = {"prefix": f"test-{uuid.uuid4().hex}", "keys": () if request.param == "redis" else KEYS}
    async with AsyncExitStack() as stack:
        here, there = [
            await stack.enter_async_context(RedisChannelLayer(url, CAPACITY, timeout=PATIENCE, **same))
            for _ in range(2)
        ]
        await until(lambda: here.connected and there.connected)
        yield Town(here, there, stack.enter_context(open_publisher(url, timeout=PATIENCE, **same)))


async def test_each_member_of_the_group_receives_it_once_and_nobody_else(town: Town) -> None:
    near, far, stranger = await member(town.here, "a"), await member(town.there, "a"), await member(town.there, "b")
    await asyncio.to_thread(town.publisher.group_send, "a", event(1, body="ä€😀"))
    for layer, channel in ((town.here, near), (town.there, far)):
        assert await layer.receive(channel) == event(1, body="ä€😀")
        await receives_nothing(layer, channel, layer)
    await receives_nothing(town.there, stranger, town.here)


async def test_a_subscription_receives_it(town: Town) -> None:
    async with town.there.subscribe("a", "b") as events:
        await asyncio.to_thread(town.publisher.group_send, "b", event(1))
        assert await anext(events) == event(1)


async def test_send_reaches_that_channel_alone(town: Town) -> None:
    one, other = await member(town.there, "a"), await member(town.there, "a")
    await asyncio.to_thread(town.publisher.send, one, event(1))
    assert await receives(town.there, one) == [1]
    await receives_nothing(town.there, other, town.here)


async def test_absent_channels_and_empty_groups_are_quiet(town: Town) -> None:
    def publish() -> None:
        town.publisher.group_send("nobody", event(1))
        town.publisher.send("specific.0123456789abcdef.1", event(1))
        town.publisher.send("worker", event(1))

    await asyncio.to_thread(publish)


async def test_a_full_member_misses_it_and_the_others_do_not(town: Town) -> None:
    channel, other = await member(town.there, "a"), await member(town.there, "a")
    reading = asyncio.ensure_future(receives(town.there, other, CAPACITY + 3))

    def publish() -> None:
        for number in range(CAPACITY + 3):
            town.publisher.group_send("a", event(number))

    await asyncio.to_thread(publish)
    assert await reading == list(range(CAPACITY + 3))
    await until(lambda: town.there.dropped(channel) == 3)


async def test_threads_share_it_and_each_ones_events_keep_their_order(town: Town) -> None:
    """Signed frames that overtook each other would be refused as repetitions."""
    channel = await member(town.there, "a")
    threads, each = 6, 40

    def publish(first: int) -> None:
        for number in range(first, first + each):
            town.publisher.group_send("a", event(number))

    reading = asyncio.ensure_future(receives(town.there, channel, threads * each))
    await asyncio.gather(*(asyncio.to_thread(publish, 1000 * n) for n in range(threads)))
    heard = await reading
    for thread in range(threads):
        numbers = range(1000 * thread, 1000 * thread + each)
        assert [number for number in heard if number in numbers] == list(numbers)
    assert town.there.refused == 0


async def test_other_keys_and_another_prefix_reach_nobody(shared_redis: RedisServer) -> None:
    prefix = f"test-{uuid.uuid4().hex}"
    async with RedisChannelLayer(shared_redis.url, prefix=prefix, keys=KEYS, timeout=PATIENCE) as layer:
        channel = await member(layer, "a")
        for others in (
            {"prefix": prefix, "keys": [b"another key"]},
            {"prefix": prefix},
            {"prefix": "other", "keys": KEYS},
        ):
            with open_publisher(shared_redis.url, **others) as publisher:
                await asyncio.to_thread(publisher.group_send, "a", event(1))
        await until(lambda: layer.refused == 2)
        await receives_nothing(layer, channel, layer)


@pytest.mark.parametrize("name", ["", "room 7", "x" * 100, None, 7], ids=repr)
async def test_a_bad_name_is_refused(town: Town, name: Any) -> None:
    for call in (town.publisher.group_send, town.publisher.send):
        with pytest.raises(TypeError):
            call(name, event(1))


async def test_what_is_no_message_is_refused(town: Town) -> None:
    messages: list[Any] = [None, {}, {"type": 7}, event(1, value=b"bytes"), event(1, value={1: "one"})]
    for message in messages:
        for call, name in ((town.publisher.group_send, "a"), (town.publisher.send, "worker")):
            with pytest.raises(TypeError):
                call(name, message)
    with pytest.raises(ValueError, match="1048576 bytes"):
        town.publisher.group_send("a", event(1, body="x" * (1 << 20)))


async def test_closed_it_says_so_and_closing_twice_is_allowed(town: Town) -> None:
    town.publisher.close()
    town.publisher.close()
    for call, name in ((town.publisher.group_send, "a"), (town.publisher.send, "specific.0123456789abcdef.1")):
        with pytest.raises(LayerClosed):
            call(name, event(1))


def test_one_connection_however_many_threads_and_none_after_the_end(own_redis: RedisServer) -> None:
    def connections() -> int:
        return len(own_redis.command("CLIENT", "LIST").splitlines()) - 1

    with open_publisher(own_redis.url) as publisher:
        assert connections() == 0, "opened at first use"
        threads = [threading.Thread(target=publisher.group_send, args=("a", event(n))) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert connections() == 1
    RedisCluster.until(lambda: connections() == 0)
    assert own_redis.command("INFO", "commandstats")["cmdstat_publish"]["calls"] == 8


def test_a_fork_needs_its_own(own_redis: RedisServer) -> None:
    with open_publisher(own_redis.url, keys=KEYS) as publisher:
        publisher.group_send("a", event(1))
        assert in_a_fork(lambda: publisher.group_send("a", event(2))) == 1, "WrongLoop"
        assert in_a_fork(publisher.close) == 0
        publisher.group_send("a", event(3))


def test_one_that_was_made_before_a_fork_is_used_after_it(own_redis: RedisServer) -> None:
    with open_publisher(own_redis.url) as publisher:
        assert in_a_fork(lambda: publisher.group_send("a", event(1))) == 0
        publisher.group_send("a", event(2))


def in_a_fork(call: Callable[[], None]) -> int:
    """0: it worked, 1: WrongLoop, 2: anything else."""
    child = os.fork()
    if child == 0:
        code = 2
        try:
            call()
            code = 0
        except WrongLoop:
            code = 1
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


async def test_tls_a_user_and_a_database(
    new_redis: Callable[..., RedisServer], certificate: tuple[Path, list[str]]
) -> None:
    file, words = certificate
    port = free_port()
    server = new_redis("--tls-port", str(port), *words).start()
    server.command("ACL", "SETUSER", "chat", "on", ">sesame&open", "+@all", "allchannels")
    url = f"rediss://chat:sesame%26open@localhost:{port}/3?ssl_ca_certs={file}"
    async with RedisChannelLayer(url, timeout=PATIENCE) as layer, layer.subscribe("a") as events:
        for address in (url, f"unix://chat:sesame%26open@{server.socket}?db=3"):
            with open_publisher(address) as publisher:
                await asyncio.to_thread(publisher.group_send, "a", event(1))
            assert await anext(events) == event(1)


def test_memory_cannot_be_published_to_from_outside() -> None:
    with pytest.raises(ValueError, match="one process and event loop"):
        open_publisher("memory://")


@pytest.mark.parametrize(
    "url",
    ["", "http://host", "redis://h?no_such_option=1", "redis://h?db=x", "rediss://h?ssl_cert_reqs=maybe",
     "redis+cluster://h:7000/3", "redis+cluster://h:7000?nonsense=1", "redis+cluster://"],
)  # fmt: skip
def test_a_url_that_means_nothing_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError):
        open_publisher(url)


def test_other_arguments_that_mean_nothing_are_refused_at_once() -> None:
    with pytest.raises(TypeError):
        open_publisher("redis://localhost", prefix="two words")
    with pytest.raises(ValueError, match="key"):
        open_publisher("redis://localhost", keys=[b""])
    with pytest.raises(ValueError, match="timeout"):
        open_publisher("redis://localhost", timeout=0)
