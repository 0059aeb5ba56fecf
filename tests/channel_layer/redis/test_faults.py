"""Redis killed, paused, absent or cut off. Real servers, really mistreated."""

import asyncio
import gc
from collections.abc import Callable

import pytest

from tests.channel_layer.redis_server import RedisServer
from tests.channel_layer.vocabulary import DEADLINE, event, member, receives, soon, until
from tests.channel_layer.watched import Watched, bounded, ends_up, two_processes
from webapp.channel_layer import ChannelClosed, LayerClosed, LayerUnavailable, RedisChannelLayer
from webapp.channel_layer.redis.link import FIRST_DELAY, LONGEST_DELAY, full_jitter
from webapp.channel_layer.redis.subscriber import Wish

pytestmark = pytest.mark.anyio

NewRedis = Callable[..., RedisServer]


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The loop that uvicorn runs us on; the contract suite runs on the standard one."""
    return "asyncio", {"use_uvloop": True}


async def test_killed_and_restarted_empty(own_redis: RedisServer) -> None:
    async with two_processes(own_redis.url) as (here, there):
        channel, own = await member(there, "room.7", "room.8"), await member(here, "room.7")
        own_redis.kill()
        await ends_up(here, there, told=[True, False])
        assert here.problem
        await bounded(here.group_send("room.7", event(1)))
        await bounded(here.send(channel, event(2)))
        assert await receives(here, own) == [1], "our own members need no server"
        own_redis.start()
        await ends_up(here, there, told=[True, False, True])
        assert here.problem is there.problem is None
        await here.group_send("room.7", event(3))
        await here.group_send("room.8", event(4))
        await here.send(channel, event(5))
        assert await receives(there, channel, 3) == [3, 4, 5]


async def test_every_group_is_back_before_the_owner_is_told(own_redis: RedisServer) -> None:
    """Whoever hears True and then reads its store must not miss what is sent after that."""
    async with two_processes(own_redis.url) as (here, there):
        channel = await there.new_channel()
        groups = [f"room.{n}" for n in range(500)]
        await asyncio.gather(*(there.group_add(group, channel) for group in groups))
        subscribed: list[int] = []

        def look(connected: bool) -> None:
            if connected:
                subscribed.append(sum(own_redis.subscribers(f"events:0:group:{group}") for group in groups[::50]))

        there.watch(look)
        own_redis.kill()
        await ends_up(there, told=[True, False])
        own_redis.start()
        await ends_up(here, there, told=[True, False, True])
        assert subscribed == [10]


async def test_joining_and_leaving_while_it_is_away(own_redis: RedisServer) -> None:
    async with two_processes(own_redis.url) as (here, there):
        leaver = await member(there, "left")
        own_redis.kill()
        await ends_up(here, there, told=[True, False])
        await there.group_discard("left", leaver)
        joiner = await soon(member(there, "joined"))
        own_redis.start()
        await ends_up(here, there, told=[True, False, True])
        await here.group_send("joined", event(1))
        assert await receives(there, joiner) == [1]
        assert own_redis.subscribers("events:0:group:left") == 0


async def test_comings_and_goings_while_it_is_away_do_not_pile_up(own_redis: RedisServer) -> None:
    async with Watched(own_redis.url) as layer:
        await ends_up(layer, told=[True])
        own_redis.kill()
        await ends_up(layer, told=[True, False])
        channel = await layer.new_channel()
        for _ in range(5000):
            await layer.group_add("room.7", channel)
            await layer.group_discard("room.7", channel)
        assert not any(type(each) is Wish for each in gc.get_objects())
        own_redis.start()
        await ends_up(layer, told=[True, False, True])
        commands = own_redis.command("INFO", "commandstats")
        assert commands["cmdstat_subscribe"]["calls"] == 1, "its own mail"
        assert "cmdstat_unsubscribe" not in commands


async def test_absent_at_the_start(new_redis: NewRedis) -> None:
    server = new_redis()
    async with Watched(server.url) as here, Watched(server.url) as there:
        channel = await soon(member(there, "room.7"))
        waiting = asyncio.ensure_future(there.receive(channel))
        await until(lambda: bool(here.problem and there.problem))
        await bounded(here.group_send("room.7", event(1)))
        assert here.told == there.told == [], "it never was connected"
        server.start()
        await ends_up(here, there, told=[True])
        await here.group_send("room.7", event(2))
        assert (await soon(waiting))["number"] == 2


async def test_a_first_message_waits_for_the_first_connection(own_redis: RedisServer) -> None:
    async with two_processes(own_redis.url) as (_, there), Watched(own_redis.url) as newcomer:
        channel = await member(there, "room.7")
        await newcomer.group_send("room.7", event(1))
        assert await receives(there, channel) == [1]


async def test_paused_it_holds_up_no_poster_and_heals(own_redis: RedisServer) -> None:
    async with two_processes(own_redis.url) as (here, there):
        channel = await member(there, "room.7")
        own_redis.pause()
        posters = [bounded(here.group_send("room.7", event(n))) for n in range(50)]
        assert len(await asyncio.gather(*posters)) == 50
        await bounded(here.send(channel, event(50)))
        await soon(there.group_add("room.8", channel))
        await ends_up(here, there, told=[True, False])
        own_redis.resume()
        await ends_up(here, there, told=[True, False, True])
        # What was under way may have been told after all, but once and in order, and before what comes now.
        await here.group_send("room.8", event(100))
        arrived = await receives(there, channel)
        while arrived[-1] != 100:
            arrived += await receives(there, channel)
        assert arrived == sorted(set(arrived))


async def test_a_lost_connection_lets_posters_go_before_their_time(own_redis: RedisServer) -> None:
    """The time is an hour here: only the loss can end this wait."""
    async with RedisChannelLayer(own_redis.url, timeout=3600) as layer:
        await until(lambda: layer.connected)
        own_redis.pause()
        under_way = asyncio.ensure_future(bounded(layer.group_send("room.7", event(1))))
        for _ in range(10):
            await asyncio.sleep(0)
        own_redis.kill()
        await under_way


async def test_joining_while_the_layer_or_the_channel_is_closed(own_redis: RedisServer) -> None:
    """The time is an hour here: only the closing can end this wait."""
    async with RedisChannelLayer(own_redis.url, timeout=3600) as layer:
        await until(lambda: layer.connected)
        channel, other = await layer.new_channel(), await layer.new_channel()
        own_redis.pause()
        joining = [asyncio.ensure_future(layer.group_add(f"room.{each}", each)) for each in (channel, other)]
        await asyncio.sleep(0)
        await layer.close_channel(channel)
        with pytest.raises(ChannelClosed):
            await soon(joining[0])
        await soon(layer.close())
        with pytest.raises(LayerClosed):
            await soon(joining[1])


async def test_a_subscription_begins_while_the_server_is_silent(own_redis: RedisServer) -> None:
    async with two_processes(own_redis.url) as (here, there):
        own_redis.pause()
        manager = there.subscribe(*(f"room.{number}" for number in range(50)))
        events = await soon(manager.__aenter__())
        await ends_up(here, there, told=[True, False])
        own_redis.resume()
        await ends_up(here, there, told=[True, False, True])
        await here.group_send("room.49", event(1))
        assert await soon(anext(events)) == event(1)
        await manager.__aexit__(None, None, None)
        await until(lambda: own_redis.subscribers("events:0:group:room.49") == 0)


async def test_a_prompt_reader_misses_nothing_while_it_is_away(new_redis: NewRedis) -> None:
    """No send waits for the server then, so none would let the reader run."""
    async with Watched(new_redis().url) as layer:
        channel = await member(layer, "room.7")
        await until(lambda: layer.problem is not None)
        reading = asyncio.ensure_future(receives(layer, channel, 1000))
        for number in range(1000):
            with pytest.raises(LayerUnavailable):
                await layer.group_send("room.7", event(number))
        assert await reading == list(range(1000))


async def test_a_silent_server_is_found_out_without_traffic(own_redis: RedisServer) -> None:
    """A dead wire closes nothing; nobody sends, nobody joins, and the owner is told all the same."""
    async with two_processes(own_redis.url) as (here, there):
        own_redis.pause()
        await ends_up(here, there, told=[True, False])
        assert "in time" in (here.problem or "")
        own_redis.resume()
        await ends_up(here, there, told=[True, False, True])


async def test_what_waits_for_a_slow_server_is_bounded(own_redis: RedisServer) -> None:
    async with two_processes(own_redis.url) as (here, _):
        own_redis.pause()
        posters = [bounded(here.group_send("room.7", event(n, body="x" * 500_000))) for n in range(60)]
        reasons = await asyncio.gather(*posters)
        assert "too much is waiting for the server" in reasons
        await ends_up(here, told=[True, False])
        own_redis.resume()
        await ends_up(here, told=[True, False, True])


@pytest.mark.parametrize("kind", ["pubsub", "normal"])
async def test_a_connection_killed_by_the_server(own_redis: RedisServer, kind: str) -> None:
    async with two_processes(own_redis.url) as (here, there):
        channel = await member(there, "room.7")
        for round_ in range(3):
            own_redis.command("CLIENT", "KILL", "TYPE", kind)
            await ends_up(here, there, told=[True] + [False, True] * (round_ + 1))
            await here.group_send("room.7", event(round_))
            assert await receives(there, channel) == [round_]


async def test_killed_under_traffic_nothing_is_doubled_or_out_of_order(own_redis: RedisServer) -> None:
    async with two_processes(own_redis.url) as (here, there):
        channel = await member(there, "room.7")
        arrived: list[int] = []

        async def read() -> None:
            while not arrived or arrived[-1] != 10**6:
                arrived.extend(await receives(there, channel))

        async def post(count: int) -> None:
            for _ in range(count):
                posted.append(len(posted))
                try:
                    await here.group_send("room.7", event(posted[-1]))
                except LayerUnavailable:
                    await asyncio.sleep(0.01)

        posted: list[int] = []
        reading = asyncio.ensure_future(read())
        await post(100)
        posting = asyncio.ensure_future(post(100))
        own_redis.kill()
        await soon(posting)
        own_redis.start()
        await ends_up(here, there, told=[True, False, True])
        await post(100)
        await here.group_send("room.7", event(10**6))
        await soon(reading)
        assert arrived == sorted(set(arrived))
        assert set(arrived) >= set(posted[:100]) | set(posted[200:])


async def test_a_watcher_that_fails_hurts_nobody(own_redis: RedisServer) -> None:
    def fail(_: bool) -> None:
        raise ZeroDivisionError

    async with Watched(own_redis.url) as layer:
        late: list[bool] = []
        layer.watch(fail)
        layer.watch(late.append)
        await ends_up(layer, told=[True])
        own_redis.command("CLIENT", "KILL", "TYPE", "pubsub")
        await ends_up(layer, told=[True, False, True])
        assert late == layer.told


async def test_closing_while_it_is_away_or_silent(own_redis: RedisServer) -> None:
    async with two_processes(own_redis.url) as (here, there):
        own_redis.pause()
        posting = asyncio.ensure_future(here.group_send("room.7", event(1)))
        await asyncio.sleep(0)
        await soon(here.close())
        await bounded(posting)
        own_redis.resume()
        own_redis.kill()
        await until(lambda: not there.connected)
        await soon(there.close())
        assert here.told == [True], "closing is no loss"


def test_the_waits_between_attempts_are_bounded_and_spread() -> None:
    for attempt in range(100):
        longest = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(attempt, 10))
        waits = [full_jitter(attempt) for _ in range(50)]
        assert 0 <= min(waits) < max(waits) <= longest
    assert DEADLINE > LONGEST_DELAY
