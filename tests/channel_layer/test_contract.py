"""Every promise of `base.py`, on both back ends. `here` and `there` are two processes (one and the same in memory)."""

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.channel_layer.conftest import CAPACITY, EXPIRY
from tests.channel_layer.vocabulary import Pair, event, member, receives, receives_nothing, soon
from webapp.channel_layer import ChannelClosed, ChannelFull, ChannelLayer, LayerClosed, Message

pytestmark = pytest.mark.anyio

DAY = 24 * 60 * 60
BAD_NAMES = ["", "room 7", "room/7", "room:7", "room!7", "zimmer.ä", "room.٧", "x" * 100, "room\n", 7, None, b"room"]
Call = Callable[[ChannelLayer, Any], Awaitable[object]]


# Names and messages


@pytest.mark.parametrize("name", BAD_NAMES, ids=repr)
@pytest.mark.parametrize(
    "call",
    [
        lambda layer, name: layer.send(name, event(1)),
        lambda layer, name: layer.receive(name),
        lambda layer, name: layer.close_channel(name),
        lambda layer, name: layer.group_add(name, "specific.a.1"),
        lambda layer, name: layer.group_add("room.7", name),
        lambda layer, name: layer.group_discard(name, "specific.a.1"),
        lambda layer, name: layer.group_discard("room.7", name),
        lambda layer, name: layer.group_send(name, event(1)),
    ],
)
async def test_a_bad_name_is_refused(pair: Pair, call: Call, name: object) -> None:
    with pytest.raises(TypeError):
        await soon(call(pair.here, name))


@pytest.mark.parametrize("prefix", ["", "a b", "ä", "x" * 99])
async def test_a_bad_prefix_is_refused(pair: Pair, prefix: str) -> None:
    with pytest.raises(TypeError):
        await pair.here.new_channel(prefix)


async def test_every_allowed_name_works(pair: Pair) -> None:
    group = "Az09-_." * 14 + "x"
    channel = await member(pair.there, group)
    await pair.here.group_send(group, event(1))
    assert await receives(pair.there, channel) == [1]


@pytest.mark.parametrize(
    "message",
    [
        None,
        "text",
        [("type", "test.event")],
        {},
        {"number": 1},
        {"type": None},
        {"type": 7},
        event(1, value={1, 2}),
        event(1, value=object()),
        event(1, value=b"bytes"),
        event(1, value=math.nan),
        event(1, value=math.inf),
        {"type": "test.event", ("a", "b"): 1},
    ],
    ids=repr,
)
async def test_what_is_no_message_is_refused(pair: Pair, message: Any) -> None:
    channel = await member(pair.here, "room.7")
    with pytest.raises(TypeError):
        await pair.here.send(channel, message)
    with pytest.raises(TypeError):
        await pair.here.group_send("room.7", message)
    await receives_nothing(pair.here, channel, pair.here)


async def test_a_message_that_holds_itself_is_refused(pair: Pair) -> None:
    message = event(1)
    message["self"] = message
    with pytest.raises(TypeError):
        await pair.here.group_send("room.7", message)


async def test_a_message_of_more_than_a_mebibyte_is_refused(pair: Pair) -> None:
    with pytest.raises(ValueError, match="1048576 bytes"):
        await pair.here.group_send("room.7", event(1, body="x" * (1 << 20)))


@pytest.mark.parametrize(
    "value", ["", "ä€😀\x00\n\"'\\", 0, -1, 2**53, 0.1, True, None, [], {}, [{"a": [1, [None]]}], "x" * 9000]
)
async def test_plain_values_arrive_as_they_were(pair: Pair, value: object) -> None:
    channel = await member(pair.there, "room.7")
    await pair.here.group_send("room.7", event(1, value=value))
    assert await soon(pair.there.receive(channel)) == event(1, value=value)


# Who receives what


async def test_send_reaches_that_channel_alone(pair: Pair) -> None:
    one, other = await pair.there.new_channel(), await pair.there.new_channel()
    await pair.here.send(one, event(1))
    assert await receives(pair.there, one) == [1]
    await receives_nothing(pair.there, other, pair.here)


async def test_group_send_reaches_each_member_once_and_nobody_else(pair: Pair) -> None:
    near, far, second = await member(pair.here, "a"), await member(pair.there, "a"), await member(pair.there, "a", "b")
    stranger = await member(pair.there, "b")
    await pair.here.group_send("a", event(1))
    assert await receives(pair.here, near) == [1]
    await receives_nothing(pair.here, near, pair.here)
    for channel in (far, second):
        assert await receives(pair.there, channel) == [1]
        await receives_nothing(pair.there, channel, pair.here)
    await receives_nothing(pair.there, stranger, pair.here)


async def test_group_send_from_the_only_member_comes_back_once(pair: Pair) -> None:
    channel = await member(pair.here, "a")
    for number in range(5):
        await pair.here.group_send("a", event(number))
    assert await receives(pair.here, channel, 5) == [0, 1, 2, 3, 4]
    await receives_nothing(pair.here, channel, pair.there)


async def test_added_twice_is_added_once(pair: Pair) -> None:
    channel = await member(pair.there, "a", "a")
    await pair.here.group_send("a", event(1))
    assert await receives(pair.there, channel) == [1]
    await receives_nothing(pair.there, channel, pair.here)
    await pair.there.group_discard("a", channel)
    await pair.here.group_send("a", event(2))
    await receives_nothing(pair.there, channel, pair.here)


async def test_a_discarded_member_hears_nothing_and_the_others_go_on(pair: Pair) -> None:
    leaver, stayer = await member(pair.there, "a"), await member(pair.there, "a")
    await pair.there.group_discard("a", leaver)
    await pair.here.group_send("a", event(1))
    assert await receives(pair.there, stayer) == [1]
    await receives_nothing(pair.there, leaver, pair.here)


async def test_discarding_what_is_not_there_is_quiet(pair: Pair) -> None:
    channel = await pair.here.new_channel()
    await pair.here.group_discard("nobody", channel)
    await pair.here.group_discard("nobody", "specific.unknown.1")


async def test_leaving_and_joining_again_at_once(pair: Pair) -> None:
    channel = await member(pair.there, "a")
    for _ in range(20):
        await pair.there.group_discard("a", channel)
        await pair.there.group_add("a", channel)
        await pair.here.group_send("a", event(1))
        assert await receives(pair.there, channel) == [1]


async def test_joining_from_many_tasks_at_once(pair: Pair) -> None:
    """Each must be able to hear when its own `group_add` returns, not only the first."""

    async def join_and_hear(number: int) -> list[int]:
        channel = await member(pair.there, "a")
        await pair.here.send(channel, event(number))
        await pair.here.group_send(f"only.{number}", event(0))
        return await receives(pair.there, channel)

    assert await asyncio.gather(*(join_and_hear(n) for n in range(30))) == [[n] for n in range(30)]
    channel = await member(pair.there, "a")
    await pair.here.group_send("a", event(1))
    assert await receives(pair.there, channel) == [1]


async def test_a_group_without_members_and_an_absent_channel_are_quiet(pair: Pair) -> None:
    await pair.here.group_send("nobody", event(1))
    await pair.here.send("specific.0123456789abcdef.1", event(1))
    await pair.here.send("worker", event(1))


# Order, capacity, expiry


async def test_one_senders_messages_keep_their_order(pair: Pair) -> None:
    near, far = await member(pair.here, "a", "b"), await member(pair.there, "a", "b")
    for start in range(0, 400, 4):
        await pair.here.group_send("a", event(start))
        await pair.here.send(near, event(start + 1))
        await pair.here.send(far, event(start + 1))
        await pair.here.group_send("b", event(start + 2))
        await pair.here.group_send("a", event(start + 3))
        assert await receives(pair.here, near, 4) == list(range(start, start + 4))
        assert await receives(pair.there, far, 4) == list(range(start, start + 4))


async def test_sends_that_run_together_keep_the_order_in_which_they_began(pair: Pair) -> None:
    far = await member(pair.there, "a")
    for _ in range(20):
        await asyncio.gather(*(pair.here.group_send("a", event(n)) for n in range(CAPACITY)))
        assert await receives(pair.there, far, CAPACITY) == list(range(CAPACITY))


async def test_a_full_channel_says_so_and_has_room_again_after_a_receive(pair: Pair) -> None:
    channel = await pair.here.new_channel()
    for number in range(CAPACITY):
        await pair.here.send(channel, event(number))
    with pytest.raises(ChannelFull) as full:
        await pair.here.send(channel, event(99))
    assert full.value.channel == channel
    assert await receives(pair.here, channel) == [0]
    await pair.here.send(channel, event(CAPACITY))
    assert await receives(pair.here, channel, CAPACITY) == list(range(1, CAPACITY + 1))


async def test_a_full_member_misses_what_comes_and_counts_it(pair: Pair) -> None:
    channel = await member(pair.there, "a")
    for number in range(CAPACITY + 7):
        await pair.here.group_send("a", event(number))
    fence = await pair.there.new_channel()
    await receives_nothing(pair.there, fence, pair.here)
    assert pair.there.dropped(channel) == 7
    assert await receives(pair.there, channel, CAPACITY) == list(range(CAPACITY))
    await receives_nothing(pair.there, channel, pair.here)


async def test_one_rooms_burst_touches_no_other_room_and_no_other_member(pair: Pair) -> None:
    """The stalled reader is full; the other member of its group, and another group, miss nothing."""
    stalled, reader, other = await member(pair.there, "a"), await member(pair.there, "a"), await member(pair.there, "b")
    await pair.here.group_send("b", event(1))
    for number in range(1000):
        await pair.here.group_send("a", event(number))
        assert await receives(pair.there, reader) == [number]
    await pair.here.group_send("b", event(2))
    assert await receives(pair.there, other, 2) == [1, 2]
    assert pair.there.dropped(stalled) == 1000 - CAPACITY
    assert pair.there.dropped(reader) == pair.there.dropped(other) == 0


async def test_a_message_sent_to_a_channel_expires(pair: Pair) -> None:
    near, far = await pair.here.new_channel(), await pair.there.new_channel()
    for channel in (near, far):
        await pair.here.send(channel, event(1))
    await receives_nothing(pair.there, await pair.there.new_channel(), pair.here)
    pair.clock.now += EXPIRY
    await receives_nothing(pair.here, near, pair.here)
    await receives_nothing(pair.there, far, pair.here)


async def test_a_message_just_short_of_its_expiry_is_delivered(pair: Pair) -> None:
    channel = await pair.here.new_channel()
    await pair.here.send(channel, event(1))
    pair.clock.now += EXPIRY - 0.001
    assert await receives(pair.here, channel) == [1]


async def test_expired_messages_take_no_room(pair: Pair) -> None:
    channel = await member(pair.here, "a")
    await pair.here.group_send("a", event(0))
    for number in range(1, CAPACITY):
        await pair.here.send(channel, event(number))
    pair.clock.now += EXPIRY
    for number in range(CAPACITY - 1):
        await pair.here.send(channel, event(100 + number))
    with pytest.raises(ChannelFull):
        await pair.here.send(channel, event(99))
    assert await receives(pair.here, channel, CAPACITY) == [0, *range(100, 100 + CAPACITY - 1)]


async def test_no_membership_ends_by_itself(pair: Pair) -> None:
    """Neither after a day, nor because a message expired unread, nor because the channel was full."""
    channel = await member(pair.there, "a")
    await pair.here.send(channel, event(1))
    for number in range(2 * CAPACITY):
        await pair.here.group_send("a", event(number))
    await receives_nothing(pair.there, await pair.there.new_channel(), pair.here)
    pair.clock.now += 25 * 60 * 60
    assert await receives(pair.there, channel, CAPACITY - 1) == list(range(CAPACITY - 1))
    pair.clock.now += 30 * DAY
    await pair.here.group_send("a", event(99))
    assert await receives(pair.there, channel) == [99]


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
