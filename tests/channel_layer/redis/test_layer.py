"""What is particular to Redis while it is well: topics, addresses, locks. When it is not: test_faults.py."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from tests.channel_layer.conftest import PATIENCE
from tests.channel_layer.redis_server import RedisServer
from tests.channel_layer.vocabulary import event, member, receives, receives_nothing, until
from tests.ports import free_port
from webapp.channel_layer import LayerUnavailable, RedisChannelLayer

pytestmark = pytest.mark.anyio

NewRedis = Callable[..., RedisServer]


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The loop that uvicorn runs us on; the contract suite runs on the standard one."""
    return "asyncio", {"use_uvloop": True}


async def connected(stack: AsyncExitStack, url: str, prefix: str = "events") -> RedisChannelLayer:
    layer = await stack.enter_async_context(RedisChannelLayer(url, prefix=prefix, timeout=PATIENCE))
    await until(lambda: layer.connected)
    return layer


async def hears(here: RedisChannelLayer, there: RedisChannelLayer) -> None:
    """A message goes from one process to another, by either way."""
    channel = await member(there, "room.7")
    await here.group_send("room.7", event(1))
    await here.send(channel, event(2))
    assert await receives(there, channel, 2) == [1, 2]


async def test_a_group_is_subscribed_once_and_left_with_its_last_channel(own_redis: RedisServer) -> None:
    async with AsyncExitStack() as stack:
        layer = await connected(stack, own_redis.url)
        topic = "events:0:group:room.7"
        first, second = await member(layer, "room.7"), await member(layer, "room.7")
        assert own_redis.subscribers(topic) == 1
        await layer.group_discard("room.7", first)
        assert own_redis.subscribers(topic) == 1
        await layer.close_channel(second)
        await until(lambda: own_redis.subscribers(topic) == 0)
        assert len(own_redis.command("CLIENT", "LIST", "TYPE", "pubsub").splitlines()) == 1


async def test_a_process_ends_and_the_other_goes_on(own_redis: RedisServer) -> None:
    async with AsyncExitStack() as stack:
        here, there = await connected(stack, own_redis.url), await connected(stack, own_redis.url)
        channel = await member(there, "a")
        await here.close()
        await until(lambda: len(own_redis.command("CLIENT", "LIST", "TYPE", "pubsub").splitlines()) == 1)
        await there.group_send("a", event(1))
        assert await receives(there, channel) == [1]


async def test_a_channel_is_read_only_where_it_was_made(own_redis: RedisServer) -> None:
    async with AsyncExitStack() as stack:
        here, there = await connected(stack, own_redis.url), await connected(stack, own_redis.url)
        channel = await there.new_channel()
        for number in range(there.capacity + 5):
            await here.send(channel, event(number))
        await until(lambda: there.dropped(channel) == 5)
        assert await receives(there, channel, there.capacity) == list(range(there.capacity))
        await receives_nothing(there, channel, here)


@pytest.mark.parametrize("other", ["another database", "another prefix"])
async def test_two_installations_on_one_server_hear_nothing_of_each_other(own_redis: RedisServer, other: str) -> None:
    async with AsyncExitStack() as stack:
        ours = await connected(stack, own_redis.url + "/1")
        theirs = (
            await connected(stack, own_redis.url + "/2")
            if other == "another database"
            else await connected(stack, own_redis.url + "/1", prefix="other")
        )
        channel, their_channel = await member(ours, "room.7"), await member(theirs, "room.7")
        await theirs.group_send("room.7", event(1))
        await theirs.send(channel, event(2))
        assert await receives(theirs, their_channel) == [1]
        same = await connected(stack, own_redis.url + "/1")
        await receives_nothing(ours, channel, same)


async def test_names_and_frames_on_the_server_stay_the_same_between_releases(own_redis: RedisServer) -> None:
    """Two releases run side by side during a deployment."""
    async with AsyncExitStack() as stack:
        layer = await connected(stack, own_redis.url + "/3", prefix="shop.north")
        channel = await member(layer, "room.7")
        process = channel.split(".")[1]
        topics = {"shop.north:3:group:room.7", f"shop.north:3:process:{process}"}
        assert {topic.decode() for topic in own_redis.command("PUBSUB", "CHANNELS")} == topics
        event_ = '{"type":"test.event","number":%d}'
        own_redis.command("PUBLISH", "shop.north:3:group:room.7", f"0123456789abcdef {event_ % 1}")
        own_redis.command("PUBLISH", f"shop.north:3:process:{process}", f"{channel} {event_ % 2}")
        assert await receives(layer, channel, 2) == [1, 2]


async def test_a_password_and_a_database_in_the_url(new_redis: NewRedis) -> None:
    server = new_redis(password="sesame&open").start()
    async with AsyncExitStack() as stack:
        url = f"redis://:sesame%26open@127.0.0.1:{server.port}/3"
        await hears(await connected(stack, url), await connected(stack, url))


async def test_a_unix_socket(new_redis: NewRedis) -> None:
    server = new_redis(password="sesame").start()
    async with AsyncExitStack() as stack:
        url = f"unix://:sesame@{server.socket}?db=3"
        await hears(await connected(stack, url), await connected(stack, url))


@pytest.fixture
def tls_redis(new_redis: NewRedis, certificate: tuple[Path, list[str]]) -> tuple[str, Path]:
    """The URL of a server that speaks TLS, and the file of its certificate."""
    file, words = certificate
    port = str(free_port())
    new_redis("--tls-port", port, *words).start()
    return f"rediss://localhost:{port}", file


@pytest.mark.parametrize("options", ["ssl_cert_reqs=none", "ssl_ca_certs={certificate}"])
async def test_tls(tls_redis: tuple[str, Path], options: str) -> None:
    url, certificate = tls_redis
    async with AsyncExitStack() as stack:
        secure = f"{url}?{options.format(certificate=certificate)}"
        await hears(await connected(stack, secure), await connected(stack, secure))


async def test_a_certificate_that_nobody_vouches_for_is_refused(tls_redis: tuple[str, Path]) -> None:
    url, _ = tls_redis
    async with RedisChannelLayer(url) as layer:
        await until(lambda: "certificate verify failed" in (layer.problem or "").lower())
        assert not layer.connected
        with pytest.raises(LayerUnavailable):
            await layer.group_send("room.7", event(1))


async def test_rubbish_on_our_topics_is_skipped(own_redis: RedisServer) -> None:
    """Whoever can reach the server can publish: it must end neither the listener nor a reader."""
    async with AsyncExitStack() as stack:
        here, there = await connected(stack, own_redis.url), await connected(stack, own_redis.url)
        channel = await member(there, "room.7")
        process = channel.split(".")[1]
        for rubbish in ("", " ", "x", "x {", "x []", 'x {"type": 7}', "x \u00e9\ud83d", "x " + "[" * 100_000):
            data = rubbish.encode("utf-8", "surrogatepass").decode("latin-1")
            own_redis.command("PUBLISH", "events:0:group:room.7", data)
            own_redis.command("PUBLISH", f"events:0:process:{process}", data)
            own_redis.command("PUBLISH", f"events:0:process:{process}", f"{channel} {data}")
            await here.group_send("room.7", event(1))
            assert await receives(there, channel) == [1]
        assert there.connected


async def test_a_caller_that_gives_up_breaks_nothing(own_redis: RedisServer) -> None:
    """Joining, leaving and sending are cancelled at any point; the connections are everybody's."""
    told: list[bool] = []
    async with AsyncExitStack() as stack:
        here, there = await connected(stack, own_redis.url), await connected(stack, own_redis.url)
        here.watch(told.append)
        there.watch(told.append)
        channel = await member(there, "room.7")
        for turns in range(12):
            calls = [
                asyncio.ensure_future(here.group_send("other", event(turns))),
                asyncio.ensure_future(there.group_add(f"other.{turns}", channel)),
                asyncio.ensure_future(here.send(channel, event(turns))),
            ]
            for _ in range(turns):
                await asyncio.sleep(0)
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
        await there.flush()
        await hears(here, there)
        assert told == []


async def test_what_was_published_weighs_no_more(own_redis: RedisServer) -> None:
    """What waits is bounded; what has been answered does not wait."""
    async with AsyncExitStack() as stack:
        layer = await connected(stack, own_redis.url)
        for number in range(20):
            await layer.group_send("nobody", event(number, body="x" * 900_000))


@pytest.mark.parametrize("capacity", [10, 100])
async def test_a_prompt_reader_misses_nothing_of_a_burst_from_another_process(
    own_redis: RedisServer, capacity: int
) -> None:
    """It lies in the socket, as after any pause of this process, and is read in one go."""
    async with AsyncExitStack() as stack:
        here = await connected(stack, own_redis.url)
        there = await stack.enter_async_context(RedisChannelLayer(own_redis.url, capacity, timeout=PATIENCE))
        channel = await member(there, "room.7")
        reading = asyncio.ensure_future(receives(there, channel, 5000))
        await asyncio.gather(*(here.group_send("room.7", event(number)) for number in range(5000)))
        assert await reading == list(range(5000))
        assert there.dropped(channel) == 0


class Counting(RedisChannelLayer):
    """Counts what arrives from other processes."""

    arrived = 0

    def _arrived(self, topic: bytes, data: bytes) -> bool:
        self.arrived += 1
        return super()._arrived(topic, data)


async def test_reading_a_burst_leaves_the_loop_to_others(own_redis: RedisServer) -> None:
    """Between two turns of the loop at most fifty messages are read, whichever channels they are for."""
    async with AsyncExitStack() as stack:
        here = await connected(stack, own_redis.url)
        there = await stack.enter_async_context(Counting(own_redis.url, timeout=PATIENCE))
        channel = await there.new_channel()
        await asyncio.gather(*(there.group_add(f"room.{number}", channel) for number in range(200)))
        sending = asyncio.gather(*(here.group_send(f"room.{n % 200}", event(n)) for n in range(4000)))
        counts = [0]
        while counts[-1] < 4000:
            await asyncio.sleep(0)
            counts.append(there.arrived)
        await sending
        assert max(later - sooner for sooner, later in pairwise(counts)) == 50


async def test_many_groups_are_joined_in_one_go(own_redis: RedisServer) -> None:
    async with AsyncExitStack() as stack:
        layer = await connected(stack, own_redis.url)
        channel = await layer.new_channel()
        await asyncio.gather(*(layer.group_add(f"room.{n}", channel) for n in range(2000)))
        assert own_redis.subscribers("events:0:group:room.1999") == 1


async def test_it_starts_by_itself_at_first_use(own_redis: RedisServer) -> None:
    layer = RedisChannelLayer(own_redis.url)
    channel = await member(layer, "room.7")
    assert own_redis.subscribers("events:0:group:room.7") == 1
    await layer.group_send("room.7", event(1))
    assert await receives(layer, channel) == [1]
    await layer.close()


async def test_close_leaves_no_connection(own_redis: RedisServer) -> None:
    layer = RedisChannelLayer(own_redis.url)
    await member(layer, "room.7")
    await layer.close()
    await until(lambda: len(own_redis.command("CLIENT", "LIST").splitlines()) == 1)
    await RedisChannelLayer(own_redis.url).close()
