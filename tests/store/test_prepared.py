"""Statements on the driver's own connection: as strict as Core's, and no lane of the database stays broken by them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from webapp.store import memberships, messages, rooms, users
from webapp.store.database import Database
from webapp.store.engine import migrate, open_engine

pytestmark = pytest.mark.anyio


def nothing() -> None:
    """Nobody is told."""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    migrate(database_url)
    opened = Database(database_url)
    yield opened
    await opened.close()


def inhabit(connection: Connection) -> tuple[int, int]:
    ana = users.add(connection, "ana", "Ana", "hash", "admin", 1)
    room = rooms.add(connection, "Room", "", "open", 1)
    memberships.add(connection, room, ana, "owner", 1)
    return room, ana


def values(room: int, ana: int, **more: Any) -> dict[str, Any]:
    return {
        "room_id": room, "author_id": ana, "key": "key-number-1", "body": "hello %s%%", "html": "<p>hello</p>",
        "created_at": 1, "utc_offset": 0, "continues": False, "opens_day": True, "posted_revision": 1, "revision": 1,
        "extras": "",
        **more,
    }  # fmt: skip


async def test_a_value_too_few_or_too_many_is_refused(database: Database) -> None:
    room, ana = await database.write(inhabit, nothing)
    lacking = {name: value for name, value in values(room, ana).items() if name != "utc_offset"}
    for wrong in (lacking, values(room, ana, author="ana")):
        with pytest.raises(TypeError, match="the statement takes"):
            await database.write(lambda c, wrong=wrong: messages.add(c, wrong), nothing)
    assert await database.write(lambda c: messages.add(c, values(room, ana)), nothing)
    found = await database.read(lambda c: messages.newest(c, room, 5))
    assert [(each.html, each.continues, each.opens_day) for each in found] == [("<p>hello</p>", False, True)]


async def test_a_key_seen_before_is_an_integrity_error_and_the_next_post_is_fine(database: Database) -> None:
    room, ana = await database.write(inhabit, nothing)
    await database.write(lambda c: messages.add(c, values(room, ana)), nothing)
    with pytest.raises(IntegrityError):
        await database.write(lambda c: messages.add(c, values(room, ana)), nothing)
    assert await database.write(lambda c: messages.add(c, values(room, ana, key="key-number-2")), nothing)


async def test_without_a_transaction_of_the_lanes_it_is_committed_like_core(database_url: str) -> None:
    migrate(database_url)
    engine = open_engine(database_url)
    with engine.connect() as connection:
        room, ana = inhabit(connection)
        connection.commit()
        position = rooms.position(connection, room, ana, 5)
        connection.commit()
    with engine.connect() as connection:
        assert position is not None
        assert connection.execute(text("SELECT head FROM rooms")).scalar_one() == position.revision == 1
    engine.dispose()


async def test_a_connection_that_is_lost_in_a_verb_is_replaced(database: Database) -> None:
    room, ana = await database.write(inhabit, nothing)

    def lose(connection: Connection) -> None:
        connection.execute(text("SELECT 1"))
        connection.connection.driver_connection.close()  # type: ignore[union-attr]
        rooms.position(connection, room, ana, 5)

    results = await asyncio.gather(database.write(lose, nothing), return_exceptions=True)
    assert isinstance(results[0], Exception)
    for _ in range(5):
        await database.write(lambda c: rooms.position(c, room, ana, 6), nothing)
    assert (await database.read(lambda c: rooms.heads(c, [room]))) == {room: 5}
