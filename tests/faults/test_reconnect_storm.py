"""Case 56: many pages are open while the database is away. None of them asks more often than its back-off says."""

import asyncio
import json
import signal
from collections.abc import Callable, Iterator

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from tests.faults.cluster import Cluster, Town, until
from tests.faults.traffic import traffic
from tests.people import DEADLINE, HTMX, Person
from tests.postgres import Postgres

pytestmark = pytest.mark.anyio
PAGES = 60


@pytest.fixture(scope="module")
def lone(tmp_path_factory: pytest.TempPathFactory, fresh_database: Callable[[], str]) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("lone"), 1, fresh_database())
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.fixture(scope="module")
def village(lone: Cluster) -> Town:
    return Town(lone.workers[0].url, people=4, rooms=1)


async def test_case_56_no_page_is_let_in_only_to_be_sent_back(
    lone: Cluster, village: Town, own_postgres: Postgres
) -> None:
    """A socket that opens resets htmx's back-off; so until the database is back none may open."""
    async with traffic(lone, village, village.rooms, readers=PAGES) as t:
        await t.burst(20)
        await asyncio.to_thread(own_postgres.stop, signal.SIGQUIT)
        try:
            assert all(reader.live for reader in t.readers), "who is in stays in"
            for reader in t.readers:
                reader.codes.clear()
                reader.drop()
            await until(lambda: all(len(reader.codes) >= 4 for reader in t.readers), 60)
            assert {code for reader in t.readers for code in reader.codes} == {1006}
        finally:
            await asyncio.to_thread(own_postgres.start)
        await t.whole(60)
        await t.burst(20)
        await t.comes_out_clean()


def knock(site: Cluster, person: Person, room: int) -> connect:
    url = site.workers[0].url
    return connect(
        f"{url.replace('http', 'ws', 1)}/rooms/{room}/live",
        origin=Origin(url),
        additional_headers={"Cookie": f"session={person.http.cookies['session']}"},
        compression=None,
        proxy=None,
    )


async def test_a_refused_handshake_says_when_to_come_back(lone: Cluster, village: Town, own_postgres: Postgres) -> None:
    await asyncio.to_thread(own_postgres.stop)
    try:
        with pytest.raises(InvalidStatus) as refused:
            async with knock(lone, village.ana, village.rooms[0]):
                pass
        assert refused.value.response.status_code == 503
        assert int(refused.value.response.headers["Retry-After"]) > 0
        assert "without completing" not in lone.logs
        asked = await asyncio.to_thread(village.ana.http.get, f"/session?room={village.rooms[0]}", headers=HTMX)
        assert (asked.status_code, asked.text) == (503, ""), "nothing that would change the page"
        assert int(asked.headers["Retry-After"]) > 0
    finally:
        await asyncio.to_thread(own_postgres.start)


async def test_a_socket_whose_database_goes_away_waits_for_it(
    lone: Cluster, village: Town, own_postgres: Postgres
) -> None:
    ana = village.ana
    room = await asyncio.to_thread(village.new_room)
    await asyncio.to_thread(ana.post, room, "said before")
    async with knock(lone, ana, room) as socket:
        await asyncio.to_thread(own_postgres.stop)
        try:
            await socket.send(json.dumps({"since": "0"}))
            assert "does not answer" in await hears(socket, "What you miss")
            await socket.send(json.dumps({"type": "messages.post", "key": "a-key-of-its-own", "body": "kept"}))
            assert "Your text is kept" in await hears(socket, "Your text")
        finally:
            await asyncio.to_thread(own_postgres.start)
        assert "said before" in await hears(socket, "said before")
        await socket.send(json.dumps({"type": "messages.post", "key": "a-key-of-its-own", "body": "kept"}))
        assert "kept" in await hears(socket, "kept")


async def hears(socket: ClientConnection, text: str) -> str:
    """The first frame with this text."""
    async with asyncio.timeout(DEADLINE):
        while True:
            frame = await socket.recv()
            if text in str(frame):
                return str(frame)
