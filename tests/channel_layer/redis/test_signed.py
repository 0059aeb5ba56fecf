"""With keys, the layer hears its own kind alone, whoever writes to the server."""

import json
import logging
import struct
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from hashlib import blake2b
from itertools import product

import pytest

from tests.channel_layer.redis_server import RedisServer
from tests.channel_layer.vocabulary import event, member, receives, receives_nothing, until
from webapp.channel_layer import RedisChannelLayer
from webapp.channel_layer.seal import SECOND, WINDOW, Refused, Seal

pytestmark = pytest.mark.anyio

OURS, NEWER, STRANGE = b"our key", b"our next key", b"another's key"
ROOM = "events:0:group:room.7"


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as opened:
        yield opened


async def connected(stack: AsyncExitStack, server: RedisServer, *keys: bytes) -> RedisChannelLayer:
    layer = await stack.enter_async_context(RedisChannelLayer(server.url, keys=keys, timeout=10))
    await until(lambda: layer.connected)
    return layer


@pytest.mark.parametrize("keys", [(), (STRANGE,), (STRANGE, NEWER)])
async def test_what_is_not_signed_with_our_key_is_refused_and_told_once(
    own_redis: RedisServer, stack: AsyncExitStack, caplog: pytest.LogCaptureFixture, keys: Sequence[bytes]
) -> None:
    ours, other = await connected(stack, own_redis, OURS), await connected(stack, own_redis, *keys)
    channel = await member(ours, "room.7")
    for number in range(10):
        await other.group_send("room.7", event(number))
        await other.send(channel, event(number))
    await until(lambda: ours.refused == 20)
    await receives_nothing(ours, channel, await connected(stack, own_redis, OURS))
    lines = [each for each in caplog.records if "refused" in each.getMessage()]
    assert [each.levelno for each in lines] == [logging.WARNING]


async def test_keys_are_changed_without_a_moment_of_silence(own_redis: RedisServer, stack: AsyncExitStack) -> None:
    """First every process accepts the new key, then it signs with it, then the old one goes."""
    steps = [(OURS,), (OURS, NEWER), (NEWER, OURS), (NEWER,)]
    layers = [await connected(stack, own_redis, *keys) for keys in steps]
    beside = [pair for pair in product(range(4), repeat=2) if abs(pair[0] - pair[1]) == 1]
    for here, there in beside:
        channel = await member(layers[there], f"room.{here}-{there}")
        await layers[here].group_send(f"room.{here}-{there}", event(1))
        await layers[here].send(channel, event(2))
        assert await receives(layers[there], channel, 2) == [1, 2]


async def test_a_signed_frame_stays_the_same_between_releases(own_redis: RedisServer, stack: AsyncExitStack) -> None:
    """Two releases run side by side during a deployment."""
    layer = await connected(stack, own_redis, OURS)
    channel = await member(layer, "room.7")
    frame = b'0123456789abcdef {"type":"test.event","number":1}'
    signed = struct.pack(">8sQ", b"a sender", time.time_ns()) + frame
    publish(own_redis, ROOM, blake2b(ROOM.encode() + b"\0" + signed, key=OURS, digest_size=16).digest() + signed)
    assert await receives(layer, channel) == [1]


async def test_what_was_recorded_is_heard_nowhere_again(own_redis: RedisServer, stack: AsyncExitStack) -> None:
    here, there = await connected(stack, own_redis, OURS), await connected(stack, own_redis, OURS)
    channel, other = await member(there, "room.7"), await member(there, "room.8")
    recorded = await record(own_redis, stack, here, ROOM)
    assert await receives(there, channel) == [1]
    for topic in (ROOM, "events:0:group:room.8", f"events:0:process:{channel.split('.')[1]}"):
        publish(own_redis, topic, recorded)
    await until(lambda: there.refused == 3)
    await receives_nothing(there, channel, here)
    await receives_nothing(there, other, here)


async def record(server: RedisServer, stack: AsyncExitStack, sender: RedisChannelLayer, topic: str) -> bytes:
    """What `sender` says in room 7, as it stands on the wire."""
    heard: list[bytes] = []

    class Tap(RedisChannelLayer):
        def _arrived(self, topic: bytes, data: bytes) -> None:
            heard.append(data)

    tap = await stack.enter_async_context(Tap(server.url, timeout=10))
    await member(tap, topic.rpartition(":")[2])
    await sender.group_send("room.7", event(1))
    await until(lambda: bool(heard))
    return heard[0]


def publish(server: RedisServer, topic: str, data: bytes) -> None:
    server.command("PUBLISH", topic, data)  # type: ignore[arg-type]


async def test_any_bytes_on_any_topic(own_redis: RedisServer, stack: AsyncExitStack) -> None:
    here, there = await connected(stack, own_redis, OURS), await connected(stack, own_redis, OURS)
    channel = await member(there, "room.7")
    process = channel.split(".")[1]
    wrong = json.dumps(event(666)).encode()
    junk = [b"", b" ", b"\0", bytes(range(256)), b"x" * 31, b"x" * 32, b"x" * 33, wrong, b"%b %b" % (b"a" * 16, wrong),
            b"%b %b" % (channel.encode(), wrong), b"x" * (2 << 20)]  # fmt: skip
    for data in junk:
        publish(own_redis, ROOM, data)
        publish(own_redis, f"events:0:process:{process}", data)
    await until(lambda: there.refused == 2 * sum(map(bool, junk)))
    assert there.connected
    await receives_nothing(there, channel, here)


# -- the seal itself


class HostClock:
    def __init__(self) -> None:
        self.now = 1_700_000_000 * SECOND

    def __call__(self) -> int:
        return self.now


def test_every_bit_of_a_sealed_frame_counts() -> None:
    here, there = Seal([OURS]), Seal([OURS])
    data = here.close(b"topic", b"frame")
    for place, bit in product(range(len(data)), range(8)):
        bent = bytearray(data)
        bent[place] ^= 1 << bit
        with pytest.raises(Refused):
            there.open(b"topic", bytes(bent))
    assert there.open(b"topic", data) == b"frame"
    assert here.open(b"topic", data) is None, "our own, that came back"


@pytest.mark.parametrize("seconds", [-61, 61])
def test_a_frame_of_another_time_is_refused(seconds: int) -> None:
    clock = HostClock()
    here, there = Seal([OURS], clock), Seal([OURS], clock)
    data = here.close(b"topic", b"frame")
    clock.now += seconds * SECOND
    with pytest.raises(Refused, match="clocks"):
        there.open(b"topic", data)


def test_what_was_said_before_a_topic_was_listened_to_is_not_heard_later() -> None:
    clock = HostClock()
    here, there = Seal([OURS], clock), Seal([OURS], clock)
    old = here.close(b"topic", b"old")
    clock.now += 10 * SECOND
    there.listen(b"topic")
    with pytest.raises(Refused, match="before"):
        there.open(b"topic", old)
    assert there.open(b"topic", here.close(b"topic", b"new")) == b"new"
    there.forget(b"topic")
    clock.now += 10 * SECOND
    there.listen(b"topic")
    clock.now -= 3600 * SECOND
    assert there.open(b"topic", Seal([OURS], clock).close(b"topic", b"right")) == b"right", "our clock was set back"


def test_a_clock_that_was_set_right_again_silences_nobody() -> None:
    clocks = HostClock(), HostClock()
    here, there = (Seal([OURS], clock) for clock in clocks)
    for shift in (50, -3600, 0, 30, -30):
        clocks[0].now = clocks[1].now + shift * SECOND
        data = here.close(b"topic", b"frame")
        if abs(shift * SECOND) < WINDOW:
            assert there.open(b"topic", data) == b"frame"


def test_a_clock_that_stands_still_silences_nobody() -> None:
    clock = HostClock()
    here, there = Seal([OURS], clock), Seal([OURS], clock)
    assert [there.open(b"topic", here.close(b"topic", b"%d" % n)) for n in range(3)] == [b"0", b"1", b"2"]


def test_what_is_remembered_of_senders_is_bounded() -> None:
    clock = HostClock()
    there = Seal([OURS], clock)
    for _ in range(5_000):
        there.open(b"topic", Seal([OURS], clock).close(b"topic", b""))
        clock.now += SECOND
    assert len(there._seen) < 1_100


@pytest.mark.parametrize("keys", [[b""], [b"x" * 65], [OURS, b""]])
def test_a_key_that_signs_nothing_is_refused(keys: list[bytes]) -> None:
    with pytest.raises(ValueError):
        Seal(keys)
