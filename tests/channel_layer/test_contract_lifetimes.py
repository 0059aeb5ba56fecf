"""The contract of `base.py`, on both back ends: readers, channels and layers begin and end.

`here` and `there` are two processes; in memory one and the same.
"""

import asyncio
import random
from collections.abc import Awaitable

import pytest

from tests.channel_layer.conftest import CAPACITY
from tests.channel_layer.vocabulary import Pair, event, member, receives, receives_nothing, soon, until
from webapp.channel_layer import ChannelClosed, LayerClosed, Message

pytestmark = pytest.mark.anyio


# Reading


async def test_a_cancelled_receive_loses_nothing(pair: Pair) -> None:
    channel = await member(pair.here, "a")
    waiting = asyncio.ensure_future(pair.here.receive(channel))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await pair.here.group_send("a", event(1))
    assert await receives(pair.here, channel) == [1]


async def test_a_receive_that_is_cancelled_as_its_message_arrives_loses_nothing(pair: Pair) -> None:
    """The message has woken the reader, and the reader is cancelled before it runs."""
    channel = await member(pair.here, "a")
    waiting = asyncio.ensure_future(pair.here.receive(channel))
    await asyncio.sleep(0)
    await pair.here.send(channel, event(1))
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert waiting.cancelled()
    assert await receives(pair.here, channel) == [1]


async def test_the_next_reader_may_begin_before_a_cancelled_one_is_gone(pair: Pair) -> None:
    channel = await pair.here.new_channel()
    first = asyncio.ensure_future(pair.here.receive(channel))
    await asyncio.sleep(0)
    second = asyncio.ensure_future(pair.here.receive(channel))
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await pair.here.send(channel, event(1))
    assert (await soon(second))["number"] == 1


async def test_a_reader_that_gives_up_at_random_moments_gets_each_message_once(pair: Pair) -> None:
    channel = await member(pair.there, "a")
    chance = random.Random(7)
    got: list[int] = []

    async def read() -> None:
        while len(got) < 200:
            waiting = asyncio.ensure_future(pair.there.receive(channel))
            for _ in range(chance.randrange(4)):
                await asyncio.sleep(0)
            waiting.cancel()
            for outcome in await asyncio.gather(waiting, return_exceptions=True):
                if isinstance(outcome, dict):
                    got.append(outcome["number"])

    async def write() -> None:
        for number in range(200):
            await pair.here.group_send("a", event(number))
            while len(got) < number - CAPACITY // 2:  # noqa: ASYNC110  the reader sets the pace
                await asyncio.sleep(0)

    await soon(asyncio.gather(read(), write()))
    assert got == list(range(200))


async def test_each_receiver_has_a_copy_of_its_own(pair: Pair) -> None:
    one, other, far = await member(pair.here, "a"), await member(pair.here, "a"), await member(pair.there, "a")
    message = event(1, list=[1, {"deep": True}])
    await pair.here.group_send("a", message)
    message["list"].append("by the sender")
    first = await soon(pair.here.receive(one))
    first["list"][1]["deep"] = first["list"][0] = "by a receiver"
    unchanged = event(1, list=[1, {"deep": True}])
    assert await soon(pair.here.receive(other)) == await soon(pair.there.receive(far)) == unchanged


async def test_a_channel_has_one_reader_at_a_time(pair: Pair) -> None:
    channel = await pair.here.new_channel()
    waiting = asyncio.ensure_future(pair.here.receive(channel))
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError):
        await pair.here.receive(channel)
    await pair.here.send(channel, event(1))
    assert (await soon(waiting))["number"] == 1


async def test_a_stalled_reader_holds_up_nobody(pair: Pair) -> None:
    """Case 35: nothing waits for a reader."""
    await member(pair.there, "a")
    other = await member(pair.there, "b")
    await asyncio.gather(*(pair.here.group_send("a", event(n)) for n in range(1000)))
    await pair.here.group_send("b", event(1))
    assert await receives(pair.there, other) == [1]


# Beginning and end


async def test_a_channel_for_the_length_of_a_block(pair: Pair) -> None:
    async with pair.here.channel("room") as channel:
        assert channel.startswith("room.")
        await pair.here.group_add("a", channel)
        await pair.there.group_send("a", event(1))
        assert await receives(pair.here, channel) == [1]
    with pytest.raises(ChannelClosed):
        await pair.here.receive(channel)


async def test_a_reader_that_fails_or_is_cancelled_leaves_no_channel(pair: Pair) -> None:
    names: list[str] = []

    async def read(fails: bool) -> None:
        async with pair.here.channel() as channel:
            await pair.here.group_add("a", channel)
            names.append(channel)
            if fails:
                raise ZeroDivisionError
            await pair.here.receive(channel)

    readers = [asyncio.ensure_future(read(fails)) for fails in (True, False)]
    await until(lambda: len(names) == 2)
    readers[1].cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    for name in names:
        with pytest.raises(ChannelClosed):
            pair.here.dropped(name)


async def test_no_name_is_ever_used_again(pair: Pair) -> None:
    names: set[str] = set()
    for layer in (pair.here, pair.there):
        for _ in range(200):
            channel = await layer.new_channel("room")
            names.add(channel)
            await layer.close_channel(channel)
    assert len(names) == 400
    assert all(name.startswith("room.") for name in names)


async def test_a_closed_channel_is_gone(pair: Pair) -> None:
    channel, witness = await member(pair.there, "a", "b"), await member(pair.there, "a")
    await pair.there.close_channel(channel)
    await pair.there.close_channel(channel)
    await pair.here.group_send("a", event(1))
    await pair.here.send(channel, event(2))
    assert await receives(pair.there, witness) == [1]
    calls: list[Awaitable[Message | None]] = [pair.there.receive(channel), pair.there.group_add("a", channel)]
    for call in calls:
        with pytest.raises(ChannelClosed) as closed:
            await call
        assert closed.value.channel == channel
    with pytest.raises(ChannelClosed):
        pair.there.dropped(channel)


async def test_closing_a_channel_ends_its_reader(pair: Pair) -> None:
    channel = await member(pair.here, "a")
    waiting = asyncio.ensure_future(pair.here.receive(channel))
    await asyncio.sleep(0)
    await pair.here.close_channel(channel)
    with pytest.raises(ChannelClosed):
        await soon(waiting)


async def test_a_channel_that_was_never_made_is_not_open(pair: Pair) -> None:
    with pytest.raises(ChannelClosed):
        await pair.here.receive("specific.0123456789abcdef.1")
    with pytest.raises(ChannelClosed):
        await pair.here.group_add("a", "worker")


async def test_flush_empties_channels_and_groups_and_leaves_the_channels(pair: Pair) -> None:
    channel = await member(pair.there, "a")
    await pair.here.group_send("a", event(1))
    await pair.here.send(channel, event(2))
    await receives_nothing(pair.there, await pair.there.new_channel(), pair.here)
    await pair.there.flush()
    await pair.here.group_send("a", event(3))
    await receives_nothing(pair.there, channel, pair.here)
    await pair.there.group_add("a", channel)
    await pair.here.group_send("a", event(4))
    assert await receives(pair.there, channel) == [4]


async def test_close_ends_readers_and_everything_else(pair: Pair) -> None:
    layer, channel = pair.here, await member(pair.here, "a")
    waiting = asyncio.ensure_future(layer.receive(channel))
    await asyncio.sleep(0)
    await soon(layer.close())
    with pytest.raises(LayerClosed):
        await soon(waiting)
    calls: list[Awaitable[object]] = [
        layer.receive(channel),
        layer.new_channel(),
        layer.send(channel, event(1)),
        layer.group_add("a", channel),
        layer.group_send("a", event(1)),
    ]
    for call in calls:
        with pytest.raises(LayerClosed):
            await soon(call)
    assert not layer.connected


async def test_close_twice_is_once_and_tidying_up_afterwards_is_quiet(pair: Pair) -> None:
    channel = await member(pair.here, "a")
    await soon(asyncio.gather(pair.here.close(), pair.here.close()))
    await pair.here.group_discard("a", channel)
    await pair.here.close_channel(channel)
    await pair.here.flush()
    await soon(pair.here.close())
