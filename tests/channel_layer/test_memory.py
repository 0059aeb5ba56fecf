"""What is particular to one process: the cost of a group send, and a model of the whole."""

import asyncio
import gc
import sys
from collections import defaultdict
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channel_layer.vocabulary import event, member, receives
from webapp.channel_layer import ChannelFull, MemoryChannelLayer

pytestmark = pytest.mark.anyio

GROUPS = ("a", "b")
Step = tuple[str, int, str]


async def test_it_is_always_connected_and_tells_no_change() -> None:
    told: list[bool] = []
    async with MemoryChannelLayer() as layer:
        layer.watch(told.append)
        assert layer.connected
        assert layer.problem is None
    assert told == []


async def test_a_group_send_costs_the_same_for_each_member() -> None:
    """Counted in function calls, not in time: twice the members, at most twice the calls. Full channels too."""

    async def calls(members: int, before: int) -> int:
        async with MemoryChannelLayer(capacity=2) as layer:
            for _ in range(members):
                await member(layer, "a", "b")
            for number in range(before):
                await layer.group_send("a", event(number))
            return await calls_of_a_group_send(layer)

    for before in (0, 2):
        assert await calls(400, before) <= 2 * await calls(200, before)


async def calls_of_a_group_send(layer: MemoryChannelLayer) -> int:
    count = 0

    def note(_: FrameType, what: str, __: object) -> None:
        nonlocal count
        count += what in ("call", "c_call")

    gc.disable()  # its callbacks would be counted too
    sys.setprofile(note)
    try:
        await layer.group_send("a", event(9))
    finally:
        sys.setprofile(None)
        gc.enable()
    return count


class Model:
    """The contract in its plainest words: lists that are cut at the capacity."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.boxes: dict[str, list[int]] = defaultdict(list)
        self.groups: dict[str, set[str]] = defaultdict(set)

    def offer(self, channel: str, number: int) -> bool:
        if len(self.boxes[channel]) >= self.capacity:
            return False
        self.boxes[channel].append(number)
        return True


VERBS = ("add", "discard", "group_send", "send", "receive")
steps = st.lists(st.tuples(st.sampled_from(VERBS), st.integers(0, 2), st.sampled_from(GROUPS)), max_size=60)


@given(steps)
def test_any_sequence_of_calls_does_what_the_model_does(sequence: list[Step]) -> None:
    asyncio.run(play(sequence))


async def play(sequence: list[Step]) -> None:
    model = Model(capacity=3)
    async with MemoryChannelLayer(capacity=3) as layer:
        channels = [await layer.new_channel() for _ in range(3)]
        for number, (verb, which, group) in enumerate(sequence):
            await step(layer, model, verb, channels[which], group, number)
        for channel in channels:
            assert await receives(layer, channel, len(model.boxes[channel])) == model.boxes[channel]


async def step(layer: MemoryChannelLayer, model: Model, verb: str, channel: str, group: str, number: int) -> None:
    if verb == "add":
        await layer.group_add(group, channel)
        model.groups[group].add(channel)
    elif verb == "discard":
        await layer.group_discard(group, channel)
        model.groups[group].discard(channel)
    elif verb == "group_send":
        await layer.group_send(group, event(number))
        for each in model.groups[group]:
            model.offer(each, number)
    elif verb == "send":
        try:
            await layer.send(channel, event(number))
        except ChannelFull:
            assert not model.offer(channel, number)
        else:
            assert model.offer(channel, number)
    elif model.boxes[channel]:
        assert await receives(layer, channel) == [model.boxes[channel].pop(0)]
