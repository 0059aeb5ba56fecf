"""How many statements a request costs, counted at the driver, without BEGIN, COMMIT and a new connection's PRAGMAs."""

import re
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

from webapp.app import Application, create_app
from webapp.emoji import EMOJI
from webapp.settings import load

pytestmark = pytest.mark.anyio
HTMX = {"HX-Request": "true"}


class Counted:
    """A client of an application in this process, and the statements that its last request ran."""

    def __init__(self, app: Application, client: httpx.AsyncClient, statements: list[str]) -> None:
        self.app = app
        self.client = client
        self.statements = statements

    async def queries(self, method: str, path: str, **more: Any) -> int:
        await self.app.shared.resources.marks.flush()  # so that no periodic flush falls into the request
        self.statements.clear()
        answer = await self.client.request(method, path, **more)
        assert answer.status_code in (200, 201, 303), answer.text
        assert any(each.startswith("BEGIN") for each in self.statements), "all of them are seen"
        return len([each for each in self.statements if not each.startswith(("BEGIN", "COMMIT", "PRAGMA"))])


@pytest.fixture
async def ana(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Counted]:
    settings = load(
        {
            "DATA_DIR": str(tmp_path),
            "SETUP_TOKEN": "a-token-for-tests-only",
            "MAX_CHANGES": "100000",
            "MAX_POSTS": "1000",
            "SWEEP_SECONDS": "3600",
        }
    )
    app = create_app(settings)
    statements: list[str] = []

    def trace(connection: sqlite3.Connection, _record: Any) -> None:
        connection.set_trace_callback(statements.append)

    event.listen(Pool, "connect", trace)
    request.addfinalizer(lambda: event.remove(Pool, "connect", trace))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            form = {"token": "a-token-for-tests-only", "community": "Casa", "username": "ana", "display_name": "Ana",
                    "password": "correct horse"}  # fmt: skip
            assert (await client.post("/setup", data=form)).status_code == 303
            yield Counted(app, client, statements)


async def test_a_post_takes_three(ana: Counted) -> None:
    for number in range(3):
        form = {"key": f"key-number-{number}", "body": "hello"}
        assert await ana.queries("POST", "/rooms/1/messages", data=form, headers=HTMX) == 3, ana.statements


async def test_a_post_with_an_at_sign_takes_one_more_and_one_that_names_somebody_two(ana: Counted) -> None:
    """Beside the two with which the right to post is asked for before a text is rendered."""
    form = {"key": "one-key-here", "body": "*hello*"}
    assert await ana.queries("POST", "/rooms/1/messages", data=form, headers=HTMX) == 5, ana.statements
    form = {"key": "another-key", "body": "hello @nobody"}
    assert await ana.queries("POST", "/rooms/1/messages", data=form, headers=HTMX) == 6, ana.statements
    form = {"key": "a-third-key", "body": "hello @_ana"}
    assert await ana.queries("POST", "/rooms/1/messages", data=form, headers=HTMX) == 7, ana.statements


async def test_a_room_page_takes_four_and_three_when_nothing_happened(ana: Counted) -> None:
    await ana.client.post("/rooms/1/messages", data={"key": "one-key-here", "body": "hello"})
    assert await ana.queries("GET", "/rooms/1") <= 4, ana.statements
    assert await ana.queries("GET", "/rooms/1") <= 3, ana.statements
    await ana.client.post("/rooms/1/messages", data={"key": "another-key", "body": "and again"})
    assert "and again" in (await ana.client.get("/rooms/1")).text


async def test_the_number_of_messages_and_rooms_changes_nothing(ana: Counted) -> None:
    for number in range(12):
        await ana.client.post("/rooms", data={"name": f"Room {number}"})
        await ana.client.post("/rooms/1/messages", data={"key": f"key-number-{number}", "body": "hello"})
    assert await ana.queries("GET", "/rooms/1?around=3") <= 5, ana.statements
    assert await ana.queries("GET", "/rooms") <= 3, ana.statements
    assert await ana.queries("GET", "/inbox") <= 3, ana.statements
    assert await ana.queries("GET", "/rooms/1/messages?before=9", headers=HTMX) <= 3, ana.statements


async def test_reactions_change_the_number_by_one_and_the_size_within_bounds(ana: Counted) -> None:
    """Twenty emoji on each of fifty messages: a thousand reactions. The names of people are read once for a page."""
    for number in range(50):
        await ana.client.post("/rooms/1/messages", data={"key": f"key-number-{number}", "body": "hello"})
    counts = {}
    for each in list(EMOJI)[:20]:
        for message in range(1, 51):
            data = {"emoji": each}
            counts[message] = await ana.queries("POST", f"/messages/{message}/reactions", data=data)
        where = ("/rooms/1", "/rooms/1?around=25", "/rooms/1/messages?before=50")
        pages = [await ana.queries("GET", path, headers=HTMX) for path in where]
        assert pages[0] <= 5 and pages[1] <= 5 and pages[2] <= 4, ana.statements
    assert await ana.queries("GET", "/rooms/1") <= 3, "and nothing happened since"
    page = (await ana.client.get("/rooms/1")).text
    assert page.count('class="reaction"') == 1_000
    assert max(len(each.encode()) for each in page.split('<li id="message-')) < 65_536
    assert set(counts.values()) == {max(counts.values())}, "however many stand there"


async def test_direct_rooms_cost_a_page_one_query_at_most(ana: Counted, tmp_path: Path) -> None:
    """What their people are called is asked once: the process keeps it. A post in one writes the others' notices, and
    one for two asks who is blocked."""
    others = await people(ana, 12)
    for number, name in enumerate(others):
        chosen = {"username": [name, others[number - 1]]}
        room = (await ana.client.post("/direct", data=chosen)).headers["Location"]
        await ana.client.post(f"{room}/messages", data={"key": f"key-number-{number}", "body": "hello"})
    for path in (room, "/rooms/1"):
        assert await ana.queries("GET", path) <= 5, ana.statements
        assert await ana.queries("GET", path) <= 3, ana.statements
    assert (await ana.client.get(room)).text.count('class="direct"') == 12
    assert await ana.queries("POST", f"{room}/messages", data={"key": "the-last-one", "body": "x"}, headers=HTMX) == 4
    two = (await ana.client.post("/direct", data={"username": others[0]})).headers["Location"]
    assert await ana.queries("POST", f"{two}/messages", data={"key": "one-for-two", "body": "x"}, headers=HTMX) == 5


async def people(ana: Counted, number: int) -> list[str]:
    """Usernames of so many who have joined; Ana stays the one who asks."""
    await ana.client.post("/admin/invitations", data={"uses": number, "days": 1})
    link = re.search(r"/join/[^\"&<]+", (await ana.client.get("/admin/invitations")).text)
    assert link
    names = [f"person-{each}" for each in range(number)]
    async with httpx.AsyncClient(transport=ana.client._transport, base_url=ana.client.base_url) as visitor:
        for name in names:
            form = {"username": name, "display_name": name, "password": "correct horse"}
            assert (await visitor.post(link[0], data=form)).status_code == 303
            visitor.cookies.clear()
    return names
