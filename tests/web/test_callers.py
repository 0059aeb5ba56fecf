"""Case 65: an endpoint that waits is cancelled when its client goes, and gets all of its request."""

import asyncio
from typing import Any

import pytest

from webapp.web.callers import Callers

pytestmark = pytest.mark.anyio
GONE = {"type": "http.disconnect"}


def part(body: bytes, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


class Client:
    """Sends what the test says, and goes when it says so."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.asked = 0
        self.read = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        self.asked += 1
        self.read.set()
        return await self.messages.get()

    async def send(self, _message: Any) -> None:
        """Nobody listens."""


@pytest.mark.parametrize("read_first", [True, False], ids=["after its body", "before its body"])
async def test_an_endpoint_that_waits_is_cancelled_when_its_client_goes(read_first: bool) -> None:
    client = Client()
    client.messages.put_nowait(part(b"all of it"))
    waits = asyncio.Event()
    ended: list[str] = []

    async def endpoint(_scope: Any, receive: Any, _send: Any) -> None:
        if read_first:
            assert (await receive())["body"] == b"all of it"
        waits.set()
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    serving = asyncio.create_task(Callers(endpoint)({"type": "http"}, client.receive, client.send))
    await waits.wait()
    client.messages.put_nowait(GONE)
    await asyncio.wait_for(serving, 20)
    assert ended == ["cancelled"]
    assert not serving.cancelled(), "the server is not told of an error"


async def test_what_was_read_ahead_is_given_to_the_endpoint_in_order_and_no_more_than_one_part() -> None:
    client = Client()
    for number in range(5):
        client.messages.put_nowait(part(b"%d" % number, more=number < 4))
    read: list[bytes] = []

    async def endpoint(_scope: Any, receive: Any, _send: Any) -> None:
        await client.read.wait()
        await asyncio.sleep(0.05)
        assert client.asked == 1, "the rest stays with the client"
        while (message := await receive())["type"] != "http.disconnect":
            read.append(message["body"])
            if not message["more_body"]:
                client.messages.put_nowait(GONE)

    await asyncio.wait_for(Callers(endpoint)({"type": "http"}, client.receive, client.send), 20)
    assert read == [b"0", b"1", b"2", b"3", b"4"]


@pytest.mark.parametrize("parts", [1, 3])
async def test_a_body_that_comes_while_it_is_read_ahead_reaches_the_endpoint(parts: int) -> None:
    """The endpoint asks after the reading has begun, and before anything is there."""
    client = Client()
    read: list[bytes] = []

    async def endpoint(_scope: Any, receive: Any, _send: Any) -> None:
        await client.read.wait()
        more = True
        while more:
            asyncio.get_running_loop().call_later(0.05, client.messages.put_nowait, part(b"x", len(read) < parts - 1))
            message = await receive()
            read.append(message["body"])
            more = message["more_body"]

    await asyncio.wait_for(Callers(endpoint)({"type": "http"}, client.receive, client.send), 20)
    assert read == [b"x"] * parts


async def test_a_server_that_is_stopped_is_not_taken_for_a_client_that_has_gone() -> None:
    client = Client()

    async def endpoint(_scope: Any, _receive: Any, _send: Any) -> None:
        await asyncio.get_running_loop().create_future()

    serving = asyncio.create_task(Callers(endpoint)({"type": "http"}, client.receive, client.send))
    await asyncio.sleep(0)
    serving.cancel()
    await asyncio.wait([serving])
    assert serving.cancelled()
