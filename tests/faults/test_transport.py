"""Cases 49 and 51: requests that are too much, or never whole, end; nobody else waits for them."""

import asyncio
import itertools
import select
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.bounds import GREETING, TAKEN, Place, place, unfelt
from tests.faults.cluster import until
from tests.faults.intruders import Intruder, handshake, head
from tests.servers import BOUNDED, Server
from tests.wires import unread
from webapp.templating import static_url

pytestmark = pytest.mark.anyio

ENDS_WITHIN = 5.0
FORM = "Content-Type: application/x-www-form-urlencoded"


# -- case 49: heads


@pytest.mark.parametrize("kind", ["one long line", "5,000 fields", "lines without end", "a long address"])
async def test_case_49_a_head_that_is_too_much_is_answered_at_once(here: Place, kind: str) -> None:
    start = head(here.server)[:-2]
    pieces: dict[str, Callable[[], Iterator[bytes]]] = {
        "one long line": lambda: itertools.chain([start, b"X: "], itertools.repeat(b"x" * 65_536, 512)),
        "5,000 fields": lambda: iter([start, b"".join(b"x-%d: y\r\n" % n for n in range(5_000)), b"\r\n"]),
        "lines without end": lambda: itertools.chain([start], itertools.repeat(b"x: " + b"y" * 9_000 + b"\r\n", 4_000)),
        "a long address": lambda: itertools.chain([b"GET /"], itertools.repeat(b"x" * 65_536, 512)),
    }
    async with unfelt(here.server):
        for _ in range(3):
            intruders = [await Intruder.knock(here.server) for _ in range(12)]
            await asyncio.gather(*(each.pour(pieces[kind]()) for each in intruders))
            for each in intruders:
                await each.ends()
                assert each.status == 431
                assert each.sent < TAKEN
                await each.close()


async def test_case_49_a_head_up_to_the_bound_is_read(here: Place) -> None:
    rest = 65_536 - len(head(here.server, "X: "))
    for lines, status in [
        (["X: " + "x" * rest], 200),
        (["X: " + "x" * (rest + 1)], 431),
        (["x: y"] * 99, 200),
        (["x: y"] * 100, 431),
    ]:
        data = head(here.server, *lines)
        for pieces in ([data], [data[:40_000], data[40_000:]]):
            intruder = await Intruder.knock(here.server)
            for piece in filter(None, pieces):
                await intruder.write(piece)
                await until(lambda: unread(here.server.port) == 0, 20)
            await intruder.hears(b" %d " % status)
            await intruder.close()


async def test_case_49_a_handshake_with_a_large_cookie(here: Place) -> None:
    """9 KB and 60 KB are a socket, which works; 70 KB are refused."""
    for size, status in [(9_000, 101), (60_000, 101), (70_000, 431)]:
        intruder = await Intruder.knock(here.server, handshake(here.server, here.room, here.ana, "x" * size))
        await intruder.hears(b" %d " % status)
        if status == 101:
            await intruder.hears(GREETING.encode())
        await intruder.close()


async def test_case_49_what_surrounds_a_body_is_bounded(here: Place) -> None:
    """Chunks of one byte, and trailers without end, are neither head nor body."""
    start = head(here.server, FORM, "Transfer-Encoding: chunked", line="POST /login HTTP/1.1")
    async with unfelt(here.server):
        for pieces in (
            itertools.repeat(b"1\r\nx\r\n" * 10_000, 100),
            itertools.chain([b"1\r\nx\r\n0\r\nX: "], itertools.repeat(b"x" * 65_536, 200)),
            itertools.chain([b"0\r\n"], itertools.repeat(b"x: y\r\n" * 10_000, 200)),
            itertools.chain([b"1;"], itertools.repeat(b"x" * 65_536, 200)),
        ):
            intruder = await Intruder.knock(here.server, start)
            await intruder.pour(pieces)
            await intruder.ends()
            assert intruder.status in (400, 413, 431)
            assert intruder.sent < TAKEN
            await intruder.close()


async def test_case_49_the_log_is_no_weapon(here: Place) -> None:
    for _ in range(200):
        intruder = await Intruder.knock(here.server, b"nonsense\r\n\r\n")
        await intruder.hears(b" 400 ")
        await intruder.close()
    lines = [line for line in here.server.log.read_text().splitlines() if "(431)" in line or "(400)" in line]
    assert 1 <= len(lines) <= 5, lines  # one a minute
    assert "Invalid HTTP request" not in here.server.log.read_text()


# -- case 51: what never ends


def unfinished(server: Server, room: int) -> dict[str, bytes]:
    return {
        "request line": b"GET /up",
        "head": head(server)[:-2],
        "body": head(server, FORM, "Content-Length: 50000", line="POST /login HTTP/1.1") + b"username=",
        "chunked body": head(server, FORM, "Transfer-Encoding: chunked", line="POST /login HTTP/1.1") + b"fff1\r\nx",
        "handshake": handshake(server, room)[:-2],
    }


@pytest.mark.parametrize("kind", list(unfinished(Server(Path("/nowhere")), 1)))
@pytest.mark.parametrize("drips", [False, True], ids=["silent", "a byte at a time"])
async def test_case_51_what_never_ends_is_ended(here: Place, kind: str, drips: bool) -> None:
    intruder = await Intruder.knock(here.server, unfinished(here.server, here.room)[kind])
    if drips:
        await intruder.drip(b"1")
    await intruder.ends()
    assert intruder.status == 408
    await intruder.close()
    assert "Traceback" not in here.server.log.read_text()


async def test_case_51_who_says_nothing_hears_nothing(here: Place) -> None:
    """A browser's spare connection: what it hears would be taken for the answer to its next request."""
    silent = await Intruder.knock(here.server)
    idle = await Intruder.knock(here.server, head(here.server))
    blank = await Intruder.knock(here.server, head(here.server))
    await blank.drip(b"\r\n")
    for each, answers in ((silent, 0), (idle, 1), (blank, 1)):
        await each.ends()
        assert each.heard.count(b"HTTP/1.1 ") == answers
        await each.close()


async def test_case_51_who_reads_no_answer_is_let_go(here: Place) -> None:
    intruder = await Intruder.knock(here.server, deaf=True)
    ended = select.poll()
    ended.register(intruder.socket, 0)
    await intruder.drip(head(here.server, line=f"GET {static_url('vendor/htmx/htmx.min.js')} HTTP/1.1"))
    assert ended.poll(20_000)
    await intruder.close()


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    yield from place(tmp_path_factory.mktemp("patient"), MAX_UNFINISHED_PER_ADDRESS="10")


async def test_case_51_many_unfinished_requests_of_one_address(patient: Place) -> None:
    """Those that have been going on for longest make room."""
    server = patient.server
    first = [await Intruder.knock(server, b"GET /up HT") for _ in range(10)]
    began = time.monotonic()
    await until(lambda: time.monotonic() - began > 1.2, 20)  # so long is what one burst may take
    more = [await Intruder.knock(server, b"GET /up HT") for _ in range(10)]
    await asyncio.gather(*(each.ends() for each in first))
    assert {each.status for each in first} == {408}
    assert not any(each.over.is_set() for each in more)
    honest = await Intruder.knock(server, head(server))
    await honest.hears(b" 200 ")
    for each in (*first, *more, honest):
        await each.close()


async def test_case_51_sigterm_with_all_of_them_open(patient: Place) -> None:
    server = patient.server
    intruders = [await Intruder.knock(server, data) for data in unfinished(server, patient.room).values()]
    intruders.append(await Intruder.knock(server))
    intruders.append(await Intruder.knock(server, handshake(server, patient.room, patient.ana), deaf=True))
    intruders.append(await Intruder.knock(server, head(server, line="GET /login HTTP/1.1")))
    await until(lambda: unread(server.port) == 0, 20)
    began = time.monotonic()
    await asyncio.to_thread(server.terminate)
    took = time.monotonic() - began
    print(f"ended in {took:.2f} s")
    assert took < ENDS_WITHIN
    assert "Traceback" not in server.log.read_text()
    assert "Cancel" not in server.log.read_text()
    for each in intruders:
        await each.close()


class Bare(Server):
    @property
    def command(self) -> list[str]:
        return [word for word in super().command if word not in ("--http", BOUNDED)]


async def test_a_server_without_these_bounds_says_so(tmp_path: Path, here: Place) -> None:
    bare = Bare(tmp_path)
    await asyncio.to_thread(bare.start)
    bare.kill()
    assert f"start it with --http {BOUNDED}," in bare.log.read_text()
    assert "start it with" not in here.server.log.read_text()
