"""A layer belongs to one event loop and one process: anywhere else it says so, at once."""

import asyncio
import os
import weakref
from collections.abc import Awaitable, Callable

import pytest

from tests.channel_layer.vocabulary import event, member
from webapp.channel_layer import ChannelLayer, WrongLoop, open_channel_layer
from webapp.channel_layer.mailbox import Mailbox

CALLS: dict[str, Callable[[ChannelLayer, str], Awaitable[object]]] = {
    "new_channel": lambda layer, _: layer.new_channel(),
    "subscribe": lambda layer, _: layer.subscribe("b").__aenter__(),
    "send": lambda layer, channel: layer.send(channel, event(1)),
    "receive": lambda layer, channel: layer.receive(channel),
    "group_add": lambda layer, channel: layer.group_add("b", channel),
    "group_send": lambda layer, _: layer.group_send("a", event(1)),
    "group_discard": lambda layer, channel: layer.group_discard("a", channel),
    "close_channel": lambda layer, channel: layer.close_channel(channel),
    "flush": lambda layer, _: layer.flush(),
    "close": lambda layer, _: layer.close(),
}


@pytest.fixture(params=["memory", "redis", "cluster"])
def layer(request: pytest.FixtureRequest) -> ChannelLayer:
    if request.param == "memory":
        return open_channel_layer("memory://")
    return open_channel_layer(request.getfixturevalue(f"shared_{request.param}").url)


async def in_use(layer: ChannelLayer) -> str:
    """A channel of it, with something in it."""
    channel = await member(layer, "a")
    await layer.send(channel, event(1))
    return channel


async def refuses_all(layer: ChannelLayer, channel: str) -> list[str]:
    """The calls that raise WrongLoop here."""
    refused = []
    for name, call in CALLS.items():
        try:
            async with asyncio.timeout(0.5):  # what is right does not wait at all
                await call(layer, channel)
        except WrongLoop:
            refused.append(name)
        except Exception as error:  # noqa: BLE001  the wrong one, or none in time
            print(name, repr(error))
    return refused


def test_a_second_loop_after_the_first_is_refused(layer: ChannelLayer) -> None:
    channel = asyncio.run(in_use(layer))
    assert asyncio.run(refuses_all(layer, channel)) == list(CALLS)


def test_a_second_loop_beside_the_first_is_refused(layer: ChannelLayer) -> None:
    async def both() -> list[str]:
        async with layer:
            channel = await in_use(layer)
            return await asyncio.to_thread(asyncio.run, refuses_all(layer, channel))

    assert asyncio.run(both()) == list(CALLS)


@pytest.mark.parametrize("continued", [True, False], ids=["the same loop", "a new loop"])
def test_a_fork_is_refused(layer: ChannelLayer, continued: bool) -> None:
    loop = asyncio.new_event_loop()
    channel = loop.run_until_complete(in_use(layer))

    async def expects() -> bool:
        refused = set(await refuses_all(layer, channel))
        # In memory, what only passes something on or takes what is there makes no system call.
        quick = {"send", "receive", "group_send"} if continued else set()
        return refused | quick == set(CALLS)

    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if (loop.run_until_complete(expects()) if continued else asyncio.run(expects())) else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    loop.run_until_complete(layer.close())
    loop.close()


def test_a_layer_that_was_made_before_a_fork_and_used_after_it_works(layer: ChannelLayer) -> None:
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if asyncio.run(in_use(layer)) else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert asyncio.run(in_use(layer))


def test_what_nobody_can_read_any_more_is_freed(layer: ChannelLayer, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[weakref.ref[Mailbox]] = []

    class Noted(Mailbox):
        __slots__ = ("__weakref__",)

        def __init__(self, capacity: int, clock: Callable[[], float]) -> None:
            super().__init__(capacity, clock)
            made.append(weakref.ref(self))

    monkeypatch.setattr("webapp.channel_layer.local.Mailbox", Noted)
    asyncio.run(in_use(layer))
    with pytest.raises(WrongLoop):
        asyncio.run(layer.group_send("a", event(1)))
    assert [each() for each in made] == [None]
