"""A server that peers do their worst to, and what others notice of it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.faults.cluster import until
from tests.faults.prober import Prober
from tests.people import Person, newcomer, set_up
from tests.servers import ServeCommand, Server
from tests.wires import unread

MIB = 1 << 20
GREETING = "hello to everybody"
UNFELT = 0.25
"""Seconds: others' p99 for /up."""
MOST_MEMORY = 8 * MIB
MOST_CPU = 2.0
"""Seconds of the server for one attack, with those who probe it."""
TAKEN = 8 * MIB
"""What the kernel takes of a peer that nobody reads any more."""


@dataclass(frozen=True)
class Place:
    server: Server
    ana: Person
    room: int


def place(folder: Path, **environ: str) -> Iterator[Place]:
    server = ServeCommand(folder, MAX_LOGINS_PER_ADDRESS="1000", **environ).start()
    try:
        ana = set_up(server.url)
        room = ana.make_room("Garden", newcomer(ana, "Bea"))
        ana.post(room, GREETING)
        yield Place(server, ana, room)
    finally:
        server.kill()


@asynccontextmanager
async def unfelt(server: Server) -> AsyncIterator[None]:
    """What happens within delays nobody else, and costs little."""
    await asyncio.to_thread(settle, server)
    memory, cpu = pss(server), server.cpu_seconds
    with Prober(server.port, server.pid) as prober:
        watching = asyncio.create_task(most_memory(server))
        try:
            yield
        finally:
            watching.cancel()
        await until(lambda: unread(server.port) == 0, 20)
        cpu = server.cpu_seconds - cpu
    most = max(pss(server), *(await asyncio.gather(watching, return_exceptions=True)))
    print(f"{prober}, {cpu:.2f} s, {(most - memory) / MIB:.1f} MiB")
    assert cpu < MOST_CPU
    assert most - memory < MOST_MEMORY
    assert prober.p99 < UNFELT


WARM = 30
"""Answers after which nothing is made for the first time."""


async def most_memory(server: Server) -> int:
    most = 0
    try:
        while True:
            most = max(most, pss(server))
            await asyncio.sleep(0.1)  # between two samples; who watches ends it
    except asyncio.CancelledError:
        return most


def settle(server: Server) -> None:
    """Threads, parsers and pools are there before memory is measured."""
    for _ in range(WARM):
        assert httpx.get(f"{server.url}/up", trust_env=False).is_success


def pss(server: Server) -> int:
    text = Path(f"/proc/{server.pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:"))
