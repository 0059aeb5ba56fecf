"""A Redis that does not let us in, and servers that are none."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from tests.channel_layer.redis_server import RedisServer
from tests.channel_layer.vocabulary import event, member, receives, receives_nothing, soon, until
from tests.channel_layer.watched import Watched, bounded
from tests.ports import free_port

pytestmark = pytest.mark.anyio

NewRedis = Callable[..., RedisServer]


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The loop that uvicorn runs us on; the contract suite runs on the standard one."""
    return "asyncio", {"use_uvloop": True}


@pytest.mark.parametrize(
    ("credentials", "says"),
    [
        (":wrong-guess@", "invalid username-password pair"),
        ("", "Authentication required"),
        ("guest:open@", "NOPERM|permission"),
    ],
)
async def test_a_lock_that_we_cannot_open(
    new_redis: NewRedis, caplog: pytest.LogCaptureFixture, credentials: str, says: str
) -> None:
    caplog.set_level(logging.INFO)
    server = new_redis(password="sesame").start()
    server.command("ACL", "SETUSER", "guest", "on", ">open", "+@all", "resetchannels")
    async with Watched(f"redis://{credentials}127.0.0.1:{server.port}") as layer:
        channel = await soon(member(layer, "room.7"))
        await until(lambda: layer.problem is not None)
        await bounded(layer.group_send("room.7", event(1)))
        assert any(part in (layer.problem or "") for part in says.split("|"))
        assert not layer.connected
        assert await receives(layer, channel) == [1]
    assert layer.problem is not None
    warnings = [each for each in caplog.records if layer.problem in each.getMessage()]
    assert len(warnings) == 1, "each problem is said once, not at every attempt"
    assert not any(secret in caplog.text for secret in ("wrong-guess", "sesame", "guest:open"))


async def test_closing_at_the_very_moment_of_a_failure() -> None:
    """Whichever of the two comes first, the layer ends: each turn of the loop is tried."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b":1\r\n")
        await reader.read()
        writer.close()

    port = free_port()
    async with await asyncio.start_server(talk, "127.0.0.1", port):
        for turns in range(150):
            layer = Watched(f"redis://127.0.0.1:{port}")
            await layer.new_channel()
            for _ in range(turns % 50):
                await asyncio.sleep(0)
            await soon(layer.close())


@pytest.mark.parametrize(
    "answer", [None, b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"+OK\r\n" * 100, b":1\r\n" * 100, b"*1\r\n*0\r\n"]
)
async def test_something_that_is_no_redis(answer: bytes | None) -> None:
    """It says nothing, closes at once, or talks of other things: we stay bounded, and patient."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if answer is not None:
            writer.write(answer)
        if not answer:
            await (reader.read() if answer is None else asyncio.sleep(0))
        else:
            await reader.read()
        writer.close()

    port = free_port()
    async with await asyncio.start_server(talk, "127.0.0.1", port), Watched(f"redis://127.0.0.1:{port}") as layer:
        channel = await soon(member(layer, "room.7"))
        await until(lambda: layer.problem is not None)
        await bounded(layer.group_send("room.7", event(1)))
        assert await receives(layer, channel) == [1]
        await receives_nothing(layer, channel, layer)
