"""Who edits or deletes is known by the transaction that does it: what happens between the request and that counts."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.people import DEADLINE, Person, newcomer, set_up
from tests.postgres import Postgres
from tests.servers import Server
from webapp.app import create_app
from webapp.domain import accounts, memberships, messages
from webapp.domain.transaction import Transaction
from webapp.services.resources import Resources
from webapp.settings import load

TOKEN = "a-token-for-tests-only"
REQUESTS = [("edit", {"body": "after"}), ("delete", {})]
requests = pytest.mark.parametrize(("action", "form"), REQUESTS, ids=[action for action, _ in REQUESTS])


class House:
    """An application in this process, with a message of Ana's."""

    def __init__(self, client: httpx.AsyncClient, resources: Resources) -> None:
        self.client = client
        self.resources = resources
        self.session = ""

    async def meanwhile(self, verb: Callable[[Transaction], Any], action: str, form: dict[str, str]) -> httpx.Response:
        """The answer to a request that was checked before the verb and has its turn to write after it."""
        writers, go_on = self.resources.work.database.writers, threading.Event()

        def held(tx: Transaction) -> None:
            assert go_on.wait(DEADLINE)
            verb(tx)

        holding = asyncio.create_task(self.resources.work.write(held))
        asking = asyncio.create_task(self.client.post(f"/messages/1/{action}", data=form))
        try:
            async with asyncio.timeout(DEADLINE):
                while writers.callers < 2:  # noqa: ASYNC110 - it has no event for who waits
                    await asyncio.sleep(0)
        finally:
            go_on.set()
        await holding
        return await asking

    async def stored(self) -> tuple[str, bool]:
        """(the message's text, whether it is still there)."""
        found = await self.resources.work.read(lambda tx: tx.connection.exec_driver_sql(
            "SELECT body, deleted_at FROM messages WHERE id = 1"
        ).one())  # fmt: skip
        return found[0], found[1] is None


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    app = create_app(load({"DATA_DIR": str(tmp_path), "SETUP_TOKEN": TOKEN}))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            form = {"token": TOKEN, "community": "Casa", "username": "ana", "display_name": "Ana",
                    "password": "correct horse"}  # fmt: skip
            assert (await client.post("/setup", data=form)).status_code == 303
            assert (await client.post("/rooms/1/messages", data={"key": "k" * 20, "body": "before"})).status_code == 303
            made = House(client, app.state.resources)
            cookie = client.cookies["session"]
            made.session = made.resources.signatures.session_hash(cookie) or ""
            yield made


@pytest.mark.anyio
@requests
async def test_a_sign_out_before_the_write_refuses_it(house: House, action: str, form: dict[str, str]) -> None:
    answer = await house.meanwhile(lambda tx: accounts.end_session(tx, house.session), action, form)
    assert answer.headers["location"] == "/login"
    assert await house.stored() == ("before", True)


@pytest.mark.anyio
@requests
async def test_a_removal_before_the_write_refuses_it(house: House, action: str, form: dict[str, str]) -> None:
    def leave(tx: Transaction) -> None:
        memberships.leave(tx, accounts.authenticate(tx, house.session), 1)

    answer = await house.meanwhile(leave, action, form)
    assert answer.status_code == 404
    assert await house.stored() == ("before", True)


@pytest.mark.anyio
async def test_a_deletion_before_the_write_is_not_undone_by_an_edit(house: House) -> None:
    def delete(tx: Transaction) -> None:
        messages.remove(tx, accounts.authenticate(tx, house.session), 1)

    answer = await house.meanwhile(delete, "edit", {"body": "after"})
    assert answer.status_code == 404
    assert await house.stored() == ("", False)


@pytest.fixture(scope="module")
def on_postgres(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Person, str]]:
    with postgres.fresh() as url:
        server = Server(tmp_path_factory.mktemp("locked"), DATABASE_URL=url, MAX_LOGINS_PER_ADDRESS="1000").start()
        yield server, set_up(server.url), url
        server.kill()


@requests
@pytest.mark.parametrize("end", ["sign out", "removal"])
def test_while_postgresql_waits_for_the_rooms_lock_rights_may_end(
    on_postgres: tuple[Server, Person, str], action: str, form: dict[str, str], end: str
) -> None:
    _, ana, url = on_postgres
    bea = newcomer(ana, "Bea")
    room = ana.make_room("Table", bea)
    message = bea.post(room, "before")
    with (
        psycopg.connect(url) as holder,
        psycopg.connect(url, autocommit=True) as watcher,
        ThreadPoolExecutor(1) as pool,
    ):
        holder.execute("SELECT head FROM rooms WHERE id = %s FOR UPDATE", [room])
        asking = pool.submit(bea.http.post, f"/messages/{message}/{action}", data=form)
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        while watcher.execute(waits).fetchone() == (0,):
            assert not asking.done()
        if end == "removal":
            ana.remove(room, bea)
        else:
            elsewhere = Person(bea.url, bea.username)
            elsewhere.http.cookies = bea.http.cookies
            elsewhere.sign_out()
        holder.rollback()
        answer = asking.result(DEADLINE)
    assert (answer.status_code, answer.headers.get("location")) == (
        (404, None) if end == "removal" else (303, "/login")
    )
    assert ana.page(room).texts == ["before"]
