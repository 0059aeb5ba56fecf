"""Case 50: what floods a socket ends it, and nobody else notices."""

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator

import pytest

from tests.faults.bounds import GREETING, TAKEN, Place, unfelt
from tests.faults.cluster import until
from tests.faults.intruders import CONTINUATION, FIRST_FRAGMENT, PING, TEXT, Intruder, frame, handshake
from tests.wires import unread

pytestmark = pytest.mark.anyio

FLOODS: dict[str, Callable[[], Iterator[bytes]]] = {
    "200,000 tiny frames": lambda: itertools.repeat(frame(TEXT, b"x") * 2_000, 100),
    "empty fragments": lambda: itertools.chain(
        [frame(FIRST_FRAGMENT)], itertools.repeat(frame(CONTINUATION) * 2_000, 500)
    ),
    "100 MB of pings": lambda: itertools.repeat(frame(PING, b"x" * 119) * 500, 1_600),
}


@pytest.mark.parametrize("flood", FLOODS)
@pytest.mark.parametrize("who", ["strangers", "a member"])
async def test_case_50_a_flood_on_a_socket_ends_it(here: Place, who: str, flood: str) -> None:
    person, count = (None, 20) if who == "strangers" else (here.ana, 4)
    deaf = "pings" in flood
    async with unfelt(here.server):
        intruders = [await Intruder.knock(here.server, deaf=deaf) for _ in range(count)]
        for each in intruders:
            await each.write(handshake(here.server, here.room, person))
            if not deaf:
                await each.hears(b"\r\n\r\n")
        await until(lambda: unread(here.server.port) == 0, 20)
        began = time.monotonic()
        await asyncio.gather(*(each.pour(FLOODS[flood]()) for each in intruders))
        await asyncio.gather(*(each.ends() for each in intruders if not deaf))
        print(f"over after {time.monotonic() - began:.2f} s")
        for each in intruders:
            assert each.sent < TAKEN
            if not deaf:
                assert each.code in ({1008, 4401} if who == "strangers" else {1008, 1009})
            await each.close()


async def test_case_50_a_member_who_speaks_often_is_heard(here: Place) -> None:
    """A message in 60 fragments, and 300 pings, are within the bounds."""
    intruder = await Intruder.knock(here.server, handshake(here.server, here.room, here.ana))
    await intruder.hears(GREETING.encode())
    text = b'{"type": "messages.post", "key": "abcdefghijklmnopqrstuv", "body": "in many pieces"}'
    pieces = [text[at : at + 2] for at in range(0, 118, 2)]
    await intruder.write(
        frame(FIRST_FRAGMENT, pieces[0])
        + b"".join(frame(CONTINUATION, piece) for piece in pieces[1:-1])
        + frame(0x80, pieces[-1])
        + frame(PING, b"p") * 300
    )
    await intruder.hears(b"in many pieces")
    assert intruder.heard.count(b"\x8a\x01p") == 300
    await intruder.close()


async def test_case_50_what_is_no_text_makes_no_traceback(here: Place) -> None:
    intruder = await Intruder.knock(here.server, handshake(here.server, here.room, here.ana))
    await intruder.hears(GREETING.encode())
    await intruder.write(frame(TEXT, b"\xff\xfe"))
    await intruder.ends()
    assert intruder.code == 1007
    assert "Traceback" not in here.server.log.read_text()
    await intruder.close()


async def test_case_50_handshakes_do_not_fill_the_log(here: Place) -> None:
    before = here.server.log.stat().st_size
    for line in (f"GET /{'x' * 50_000} HTTP/1.1", f"GET /rooms/{here.room}/live?{'x' * 50_000} HTTP/1.1"):
        for _ in range(10):
            data = handshake(here.server, here.room).partition(b"\r\n")[2]
            intruder = await Intruder.knock(here.server, line.encode() + b"\r\n" + data)
            await intruder.hears(b"\r\n\r\n")
            await intruder.close()
    assert here.server.log.stat().st_size - before < 5_000
