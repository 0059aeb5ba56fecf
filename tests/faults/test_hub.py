"""Whoever can reach Redis can publish rubbish; no listener dies of it."""

import asyncio
from typing import Any

import pytest

from webapp.channel_layer import MemoryChannelLayer
from webapp.sockets.dispatch import Listener, handler
from webapp.sockets.hub import Hub

pytestmark = pytest.mark.anyio


class Ear(Listener):
    def __init__(self) -> None:
        self.heard: asyncio.Queue[Any] = asyncio.Queue()

    @handler
    def rooms_changed(self, event: dict[str, Any]) -> None:
        self.heard.put_nowait(event["name"])


@pytest.mark.parametrize(
    "rubbish", [{"type": "no such type!"}, {"type": ""}, {"type": "rooms.changed"}, {"type": "a.b"}]
)
async def test_an_event_that_makes_no_sense_is_skipped(rubbish: dict[str, Any]) -> None:
    async with MemoryChannelLayer(100, 60) as layer:
        hub, listener = Hub(layer), Ear()
        await hub.subscribe("room.1", listener)
        await layer.group_send("room.1", rubbish)
        await layer.group_send("room.1", {"type": "rooms.changed", "name": "Garden"})
        async with asyncio.timeout(20):
            assert await listener.heard.get() == "Garden"
        await hub.close()
