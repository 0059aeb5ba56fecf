"""The contract of `base.py`, on every back end: who receives what, in which order, how much of it.

`here` and `there` are two processes; in memory one and the same.
"""

import asyncio

import pytest

from tests.channel_layer.conftest import CAPACITY, EXPIRY
from tests.channel_layer.vocabulary import Pair, event, member, receives, receives_nothing
from webapp.channel_layer import ChannelFull

pytestmark = pytest.mark.anyio

DAY = 24 * 60 * 60


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
        heard = await receives(pair.there, far, 4)
        assert (sorted(heard) if pair.nodes > 1 else heard) == list(range(start, start + 4))
        assert heard.index(start) < heard.index(start + 3), "in one group they keep it on a cluster too"


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


@pytest.mark.parametrize("sent", ["to the group", "to the channel"])
async def test_a_prompt_reader_misses_nothing_of_a_burst(pair: Pair, sent: str) -> None:
    """Its sender never pauses, and sends a hundred times what the channel holds."""
    channel = await member(pair.here, "a")
    reading = asyncio.ensure_future(receives(pair.here, channel, 100 * CAPACITY))
    for number in range(100 * CAPACITY):
        await (
            pair.here.group_send("a", event(number))
            if sent == "to the group"
            else pair.here.send(channel, event(number))
        )
    assert await reading == list(range(100 * CAPACITY))
    assert pair.here.dropped(channel) == 0


async def test_a_channel_holds_eight_mebibytes(pair: Pair) -> None:
    """Nine messages of a megabyte are more, though the capacity is ten."""
    near, far = await member(pair.here, "a"), await member(pair.there, "a")
    body = "x" * 1_000_000
    for number in range(9):
        await pair.here.group_send("a", event(number, body=body))
    with pytest.raises(ChannelFull):
        await pair.here.send(near, event(99, body=body))
    await receives_nothing(pair.there, await pair.there.new_channel(), pair.here)
    assert pair.there.dropped(far) == (2 if near == far else 1)
    assert await receives(pair.there, far, 8) == list(range(8))
    await pair.here.group_send("a", event(10, body=body))
    assert await receives(pair.there, far) == [10]


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
