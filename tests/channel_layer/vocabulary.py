"""What the channel layer's tests say."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from webapp.channel_layer import ChannelLayer, Message

T = TypeVar("T")
DEADLINE = 20.0
"""Seconds after which a test stops hoping. Nothing is measured with it."""


class Clock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Pair:
    """Two processes on one layer: two objects on Redis, one and the same in memory. `clock` is theirs.

    `nodes` of a cluster are more than one: groups on different ones have no order between them.
    """

    here: ChannelLayer
    there: ChannelLayer
    clock: Clock
    nodes: int = 1


def event(number: int, **values: Any) -> Message:
    return {"type": "test.event", "number": number, **values}


async def soon(awaitable: Awaitable[T]) -> T:
    async with asyncio.timeout(DEADLINE):
        return await awaitable


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not condition():  # noqa: ASYNC110  a server's state has no event to wait for
            await asyncio.sleep(0.01)


async def receives(layer: ChannelLayer, channel: str, count: int = 1) -> list[int]:
    """The numbers of the next `count` messages."""
    return [(await soon(layer.receive(channel)))["number"] for _ in range(count)]


FENCES = 24
"""Groups, so that every node of a cluster has some of them."""


async def caught_up(layer: ChannelLayer, sender: ChannelLayer) -> None:
    """`layer` has all that was sent before: each node passes on in order, and each passes something on now."""
    channel = await member(layer, *(f"fence.{number}" for number in range(FENCES)))
    for number in range(FENCES):
        await sender.group_send(f"fence.{number}", event(number))
        assert await receives(layer, channel) == [number]
    await layer.close_channel(channel)


async def receives_nothing(layer: ChannelLayer, channel: str, sender: ChannelLayer) -> None:
    """What `sender` sends now is the next to arrive: nothing came before."""
    if layer is not sender:
        await caught_up(layer, sender)
    await sender.send(channel, event(-1))
    assert await receives(layer, channel) == [-1]


async def member(layer: ChannelLayer, *groups: str) -> str:
    """A new channel in these groups."""
    channel = await layer.new_channel()
    for group in groups:
        await layer.group_add(group, channel)
    return channel
