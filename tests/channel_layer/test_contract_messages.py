"""The contract of `base.py`, on both back ends: names and messages.

`here` and `there` are two processes; in memory one and the same.
"""

import math
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.channel_layer.vocabulary import Pair, event, member, receives, receives_nothing, soon
from webapp.channel_layer import ChannelLayer

pytestmark = pytest.mark.anyio

BAD_NAMES = ["", "room 7", "room/7", "room:7", "room!7", "zimmer.ä", "room.٧", "x" * 100, "room\n", 7, None, b"room"]
Call = Callable[[ChannelLayer, Any], Awaitable[object]]


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
        {"type": "test.event", 1: "one"},
        {"type": "test.event", None: 1},
        event(1, value={1: "one"}),
        event(1, value=[{"a": ({"b": {True: 1}},)}]),
        event(1, value={"a": OrderedDict({0.5: 1})}),
    ],
    ids=lambda message: re.sub(r" at 0x\w+", "", repr(message)),  # where an object lies differs between processes
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
    "value",
    [
        "",
        "ä€😀\x00\n\"'\\",
        0,
        -1,
        2**53,
        0.1,
        True,
        None,
        [],
        {},
        [{"a": [1, [None]]}],
        {"1": {"true": "{"}},
        "x" * 9000,
    ],
)
async def test_plain_values_arrive_as_they_were(pair: Pair, value: object) -> None:
    channel = await member(pair.there, "room.7")
    await pair.here.group_send("room.7", event(1, value=value))
    assert await soon(pair.there.receive(channel)) == event(1, value=value)
