"""Layers that write down what their owner is told."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import pytest

from tests.channel_layer.vocabulary import soon, until
from webapp.channel_layer import LayerUnavailable, RedisChannelLayer


class Watched(RedisChannelLayer):
    """A layer that writes down what its owner is told."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.told: list[bool] = []
        self.watch(self.told.append)

    async def close(self) -> None:
        await soon(super().close())


@asynccontextmanager
async def two_processes(url: str) -> AsyncIterator[tuple[Watched, Watched]]:
    async with Watched(url) as here, Watched(url) as there:
        await until(lambda: here.connected and there.connected)
        yield here, there


async def ends_up(*layers: Watched, told: list[bool]) -> None:
    """Each owner is told this; no more, no less."""
    await until(lambda: all(len(layer.told) >= len(told) for layer in layers))
    assert [layer.told for layer in layers] == [told] * len(layers), [layer.told for layer in layers]


async def bounded(call: Awaitable[None]) -> str:
    """The reason of the LayerUnavailable that it ends with; the deadline is there against a hang, not as a measure."""
    with pytest.raises(LayerUnavailable) as unavailable:
        await soon(call)
    return unavailable.value.reason
