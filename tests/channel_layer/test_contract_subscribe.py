"""The contract of `base.py`, on every back end: `subscribe`.

`here` and `there` are two processes; in memory one and the same.
"""

import asyncio

import pytest

from tests.channel_layer.conftest import CAPACITY
from tests.channel_layer.vocabulary import Pair, event, member, receives, receives_nothing, soon, until
from webapp.channel_layer import ChannelClosed, LayerClosed, Subscription
from webapp.channel_layer.local import LocalChannels

pytestmark = pytest.mark.anyio


async def take(events: Subscription, count: int) -> list[int]:
    """The numbers of the next `count` events."""
    numbers: list[int] = []

    async def read() -> None:
        async for each in events:
            numbers.append(each["number"])
            if len(numbers) == count:
                return

    await soon(read())
    return numbers


async def is_closed(pair: Pair, channel: str) -> None:
    """It cannot be read any more, and is in no group."""
    with pytest.raises(ChannelClosed):
        await soon(pair.there.receive(channel))
    local: LocalChannels = pair.there._local  # type: ignore[attr-defined]
    assert local._members == local._mailboxes == {}


async def test_it_receives_what_is_sent_to_its_groups_and_nothing_else(pair: Pair) -> None:
    async with pair.there.subscribe("a", "b") as events:
        for number, group in enumerate(["a", "c", "b", "a"]):
            await pair.here.group_send(group, event(number))
        heard = await take(events, 3)
        assert (sorted(heard) if pair.nodes > 1 else heard) == [0, 2, 3]
        await receives_nothing(pair.there, events.channel, pair.here)


async def test_every_group_is_joined_when_the_block_begins(pair: Pair) -> None:
    """The first event of each of many groups arrives, however early it is sent."""
    groups = [f"room.{number}" for number in range(CAPACITY)]
    async with pair.there.subscribe(*groups) as events:
        await asyncio.gather(*(pair.here.group_send(group, event(n)) for n, group in enumerate(groups)))
        assert sorted(await take(events, CAPACITY)) == list(range(CAPACITY))


async def test_two_subscriptions_receive_each_event_once(pair: Pair) -> None:
    async with (
        pair.there.subscribe("a") as one,
        pair.there.subscribe("a", "b") as other,
        pair.here.subscribe("a") as near,
    ):
        await pair.here.group_send("a", event(1))
        for events in (one, other, near):
            assert await take(events, 1) == [1]
        await receives_nothing(pair.there, one.channel, pair.here)
        await receives_nothing(pair.there, other.channel, pair.here)


async def test_one_senders_events_keep_their_order(pair: Pair) -> None:
    async with pair.there.subscribe("a") as events:
        reading = asyncio.ensure_future(take(events, 300))
        for number in range(300):
            await pair.here.group_send("a", event(number))
        assert await reading == list(range(300))
        assert events.dropped == 0


async def test_without_a_group_it_receives_what_is_sent_to_its_channel(pair: Pair) -> None:
    async with pair.there.subscribe() as events:
        await pair.here.group_send("a", event(1))
        await pair.here.send(events.channel, event(2))
        assert await take(events, 1) == [2]


async def test_groups_can_be_joined_and_left_meanwhile(pair: Pair) -> None:
    async with pair.there.subscribe("a") as events:
        await pair.there.group_add("b", events.channel)
        await pair.there.group_discard("a", events.channel)
        await pair.here.group_send("a", event(1))
        await pair.here.group_send("b", event(2))
        assert await take(events, 1) == [2]


async def test_a_full_channel_drops_what_is_new_and_counts_it(pair: Pair) -> None:
    async with pair.there.subscribe("a") as events:
        for number in range(CAPACITY + 5):
            await pair.here.group_send("a", event(number))
        await until(lambda: events.dropped == 5)
        assert await take(events, CAPACITY) == list(range(CAPACITY))
        await receives_nothing(pair.there, events.channel, pair.here)


async def test_the_end_of_the_block_closes_the_channel(pair: Pair) -> None:
    async with pair.there.subscribe("a", "b") as events:
        await pair.here.group_send("a", event(1))
        assert await take(events, 1) == [1]
    await is_closed(pair, events.channel)
    with pytest.raises(ChannelClosed):
        await take(events, 1)
    with pytest.raises(ChannelClosed):
        print(events.dropped)


async def test_an_error_in_the_block_closes_the_channel(pair: Pair) -> None:
    with pytest.raises(ZeroDivisionError):
        async with pair.there.subscribe("a") as events:
            raise ZeroDivisionError
    await is_closed(pair, events.channel)


async def test_cancelling_the_reader_closes_the_channel(pair: Pair) -> None:
    names: list[str] = []

    async def listen() -> None:
        async with pair.there.subscribe("a") as events:
            names.append(events.channel)
            await take(events, 100)

    task = asyncio.create_task(listen())
    await until(lambda: bool(names))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    await is_closed(pair, names[0])


async def test_cancelled_while_it_joins_it_leaves_nothing(pair: Pair) -> None:
    for turns in range(8):
        manager = pair.there.subscribe("a", "b")
        joining = asyncio.ensure_future(manager.__aenter__())
        for _ in range(turns):
            await asyncio.sleep(0)
        joining.cancel()
        await asyncio.gather(joining, return_exceptions=True)
        if not joining.cancelled():
            await manager.__aexit__(None, None, None)
    await is_closed(pair, "specific.0123456789abcdef.1")


async def test_a_bad_name_among_the_groups_is_refused_and_leaves_nothing(pair: Pair) -> None:
    with pytest.raises(TypeError):
        async with pair.there.subscribe("a", "b c"):
            pass
    await is_closed(pair, "specific.0123456789abcdef.1")


async def test_closing_the_layer_ends_the_iteration(pair: Pair) -> None:
    async with pair.there.subscribe("a") as events:
        waiting = asyncio.ensure_future(take(events, 1))
        await asyncio.sleep(0)
        await soon(pair.there.close())
        with pytest.raises(LayerClosed):
            await waiting
    with pytest.raises(LayerClosed):
        async with pair.there.subscribe("a"):
            pass


async def test_it_has_one_reader_at_a_time(pair: Pair) -> None:
    async with pair.there.subscribe("a") as events:
        waiting = asyncio.ensure_future(take(events, 1))
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError):
            await anext(events)
        await pair.here.group_send("a", event(1))
        assert await waiting == [1]


async def test_low_level_channels_beside_it_are_not_touched(pair: Pair) -> None:
    channel = await member(pair.there, "a")
    async with pair.there.subscribe("a"):
        await pair.here.group_send("a", event(1))
        assert await receives(pair.there, channel) == [1]
    await pair.here.group_send("a", event(2))
    assert await receives(pair.there, channel) == [2]
