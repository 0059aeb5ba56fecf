"""Anything sent, in any order, while connections break: it arrives as it was, once, in order, and nothing is left."""

import asyncio
import gc
import os
import random
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.channel_layer.redis_server import RedisServer
from tests.channel_layer.vocabulary import Pair, caught_up, event, member, receives, soon, until
from tests.channel_layer.watched import Watched, two_processes
from webapp.channel_layer import ChannelFull, LayerUnavailable
from webapp.channel_layer.mailbox import Mailbox
from webapp.channel_layer.messages import decode, encode

pytestmark = pytest.mark.anyio

leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=3)
keys = st.text() | st.integers() | st.booleans() | st.none() | st.floats()
values = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=12)


def plain(value: Any) -> bool:
    """Whether JSON says it as it is."""
    if isinstance(value, dict):
        return all(isinstance(key, str) for key in value) and all(map(plain, value.values()))
    if isinstance(value, list):
        return all(map(plain, value))
    return not isinstance(value, bytes) and not (
        isinstance(value, float) and (value != value or abs(value) == float("inf"))
    )


@settings(max_examples=30, derandomize=True)
@given(st.dictionaries(keys, values))
@example({"a": "{", 1: 2})
@example({"a": [[[{"b": [{2: 3}]}]]]})
@example({"1": {"true": {"null": "{"}}})
def test_a_message_arrives_as_it_was_or_is_refused(contents: dict[Any, Any]) -> None:
    message = contents | {"type": "test.event"}
    if plain(message):
        assert repr(decode(encode(message))) == repr(message)
    else:
        with pytest.raises(TypeError):
            encode(message)


@pytest.mark.parametrize("seed", range(2))
async def test_any_calls_of_two_processes_do_what_lists_would(pair: Pair, seed: int) -> None:
    """Each group and each channel is written by one process alone, so that the order is known."""
    chance = random.Random(seed)
    groups, channels = [f"g{n}" for n in range(4)], [await pair.there.new_channel() for _ in range(4)]
    members: dict[str, set[str]] = defaultdict(set)
    for _ in range(12):
        expected: dict[str, list[int]] = defaultdict(list)
        for number in range(chance.randrange(1, 10)):  # the channels hold ten
            group, channel = chance.choice(groups), chance.choice(channels)
            verb = chance.choice(["add", "discard", "send", "group_send", "group_send"])
            if verb == "add":
                await pair.there.group_add(group, channel)
                members[group].add(channel)
            elif verb == "discard":
                await caught_up(pair.there, pair.here)
                await pair.there.group_discard(group, channel)
                members[group].discard(channel)
            elif verb == "send":
                await pair.here.send(channel, event(number))
                expected[channel].append(number)
            else:
                await pair.here.group_send(group, event(number))
                for each in members[group]:
                    expected[each].append(number)
        await caught_up(pair.there, pair.here)
        for channel in channels:
            heard = await receives(pair.there, channel, len(expected[channel]))
            assert (sorted(heard) if pair.nodes > 1 else heard) == expected[channel]
        assert [pair.there.dropped(channel) for channel in channels] == [0] * 4


async def test_comings_and_goings_leave_nothing(pair: Pair) -> None:
    """Channels that end in every way: closed, with their block, while something waits or is waited for."""
    await caught_up(pair.there, pair.here)
    before = mailboxes()
    tasks = len(asyncio.all_tasks())
    for number in range(60):
        async with pair.there.channel() as channel:
            await pair.there.group_add(f"room.{number}", channel)
            await pair.here.group_send(f"room.{number}", event(number))
            joining = asyncio.ensure_future(pair.there.group_add("b", channel))
            reading = asyncio.ensure_future(receives(pair.there, channel, 2))
            await asyncio.sleep(0)
            (joining if number % 2 else reading).cancel()
            await asyncio.gather(joining, return_exceptions=True)
        await asyncio.gather(reading, return_exceptions=True)
        del joining, reading  # what they ended with holds the frames that it passed through
    await caught_up(pair.there, pair.here)
    await until(lambda: mailboxes() == before and len(asyncio.all_tasks()) == tasks)


def mailboxes() -> int:
    gc.collect()
    return sum(type(each) is Mailbox for each in gc.get_objects())


async def test_broken_connections_leave_nothing(own_redis: RedisServer) -> None:
    async with two_processes(own_redis.url) as (here, there):
        channel = await member(there, "room.7")
        listening = asyncio.ensure_future(listen(there, channel))
        await break_and_talk(own_redis, here, there, 0)
        before = held()
        for number in range(1, 9):
            await break_and_talk(own_redis, here, there, number)
        await until(lambda: held() == before)
        assert own_redis.subscribers("events:0:group:room.7") == 1
        await until(lambda: len(own_redis.command("PUBSUB", "CHANNELS")) == 3)  # room.7 and the mail of two
        assert len(own_redis.command("CLIENT", "LIST").splitlines()) == 5, "two for each, and this one"
        await soon(here.group_send("room.7", event(10**6)))
        heard = await soon(listening)
        assert heard == sorted(set(heard))


async def break_and_talk(server: RedisServer, here: Watched, there: Watched, round_: int) -> None:
    """One of the connections is cut while messages travel and groups are joined and left."""
    joiner = await there.new_channel()
    calls = [
        *(here.group_send("room.7", event(100 * round_ + n)) for n in range(20)),
        *(there.group_add(f"room.{n}", joiner) for n in range(20, 30)),
    ]
    talking = asyncio.gather(*calls, return_exceptions=True)
    await asyncio.sleep(0)
    server.command("CLIENT", "KILL", "TYPE", ("pubsub", "normal")[round_ % 2])
    for outcome in await soon(talking):
        assert outcome is None or isinstance(outcome, LayerUnavailable | ChannelFull)
    await there.close_channel(joiner)
    await until(lambda: here.connected and there.connected)
    await soon(member_and_gone(there))


async def member_and_gone(layer: Watched) -> None:
    """What is subscribed after what was dropped is confirmed after it too."""
    await layer.close_channel(await member(layer, "fence"))


async def listen(layer: Watched, channel: str) -> list[int]:
    heard: list[int] = []
    while not heard or heard[-1] != 10**6:
        heard += await receives_whenever(layer, channel)
    return heard


async def receives_whenever(layer: Watched, channel: str) -> list[int]:
    return [(await layer.receive(channel))["number"]]


def held() -> tuple[int, int, int]:
    """Tasks, open files, mailboxes."""
    return len(asyncio.all_tasks()), len(os.listdir("/proc/self/fd")), mailboxes()
