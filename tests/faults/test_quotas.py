"""Case 26 over all processes: with one window too many of a person, or at an address, the oldest is closed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from tests.channel_layer.redis_server import RedisServer
from tests.faults.cluster import Cluster, Town, until
from tests.people import Person

pytestmark = pytest.mark.anyio
LIMIT = 6


@pytest.fixture(scope="module")
def pair(
    tmp_path_factory: pytest.TempPathFactory, fresh_database: Callable[[], str], redis_server: RedisServer
) -> Iterator[Cluster]:
    """Two workers; six windows of one person, and of one address."""
    made = Cluster(
        tmp_path_factory.mktemp("pair"), 2, fresh_database(), redis_server.url,
        MAX_SOCKETS_PER_PERSON=str(LIMIT), MAX_SOCKETS_PER_ADDRESS=str(LIMIT),
    )  # fmt: skip
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.fixture(scope="module")
def pairs_town(pair: Cluster) -> Town:
    return Town(pair.workers[0].url, people=LIMIT + 2, rooms=1)


class Windows:
    """Sockets in the order in which they were opened, and how those ended that did."""

    def __init__(self, site: Cluster, room: int) -> None:
        self.site = site
        self.room = room
        self.stack = AsyncExitStack()
        self.ends: dict[int, tuple[int, str]] = {}
        self.tasks: list[asyncio.Task[None]] = []

    async def open(self, worker: int, person: Person, address: str) -> None:
        url = self.site.workers[worker].url
        socket = await self.stack.enter_async_context(
            connect(
                f"{url.replace('http', 'ws', 1)}/rooms/{self.room}/live?since=0",
                origin=Origin(url),
                additional_headers={
                    "Cookie": f"session={person.http.cookies['session']}",
                    "X-Forwarded-For": address,
                },
                proxy=None,
            )
        )
        await socket.recv()
        self.tasks.append(asyncio.create_task(self._follow(len(self.tasks), socket)))

    async def _follow(self, number: int, socket: ClientConnection) -> None:
        try:
            while True:
                await socket.recv()
        except ConnectionClosed as closed:
            self.ends[number] = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")

    async def closed(self, *numbers: int) -> None:
        """These and no others."""
        await until(lambda: len(self.ends) >= len(numbers), 20)
        assert sorted(self.ends) == list(numbers)
        assert {code for code, _ in self.ends.values()} == {1008}

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.stack.aclose()


@pytest.fixture
async def windows(pair: Cluster, pairs_town: Town) -> AsyncIterator[Windows]:
    made = Windows(pair, pairs_town.rooms[0])
    yield made
    await made.close()


@pytest.mark.parametrize("second", [0, 1], ids=["in one process", "in two"])
async def test_case_26_the_oldest_window_of_a_person_closes(windows: Windows, pairs_town: Town, second: int) -> None:
    person = pairs_town.people[1 + second]
    for n in range(LIMIT + 2):
        await windows.open(0 if n < LIMIT else second, person, f"203.0.113.{n}")
    await windows.closed(0, 1)
    assert "too many windows" in windows.ends[0][1]


@pytest.mark.parametrize("second", [0, 1], ids=["in one process", "in two"])
async def test_case_26_the_oldest_window_at_an_address_closes(windows: Windows, pairs_town: Town, second: int) -> None:
    """One address is whatever its owner can choose from."""
    for n in range(LIMIT + 2):
        await windows.open(0 if n < LIMIT else second, pairs_town.people[n], f"2001:db8:0:{second}::{n:x}")
    await windows.open(0, pairs_town.people[0], "2001:db8:1::1")
    await windows.closed(0, 1)
    assert "at your address" in windows.ends[0][1]


async def test_who_leaves_makes_room(windows: Windows, pairs_town: Town) -> None:
    person = pairs_town.people[3]
    for n in range(LIMIT):
        await windows.open(n % 2, person, f"198.51.100.{n}")
    gone, windows.stack = windows.stack, AsyncExitStack()
    await gone.aclose()
    await asyncio.gather(*windows.tasks)
    windows.ends.clear()
    for n in range(LIMIT + 1):
        await windows.open(n % 2, person, f"198.51.100.{n}")
    await windows.closed(LIMIT)
