"""A real server with an admin, Ana, shared by the tests of one file."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.people import Person, set_up
from tests.postgres import Postgres
from tests.servers import FRAMES, PLAIN_WS, Server

LIMITS = {"MAX_POSTS": "100000", "MAX_LOGINS_PER_ADDRESS": "1000", "PRESENCE_GRACE_SECONDS": "1"}
KINDS = [(FRAMES, "sqlite"), (PLAIN_WS, "sqlite"), (FRAMES, "postgresql")]


@pytest.fixture(scope="module", params=KINDS, ids=["frames", "plain", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With our protocol and with the server's own, and on both databases."""
    ws, database = request.param
    folder: Path = tmp_path_factory.mktemp("server")
    if database == "sqlite":
        made = Server(folder, ws=ws, **LIMITS).start()
        yield made
        made.kill()
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    name = f"t{secrets.token_hex(6)}"
    made = Server(folder, ws=ws, DATABASE_URL=postgres.create(name), **LIMITS).start()
    yield made
    made.kill()
    postgres.drop(name)


@pytest.fixture(scope="module")
def ana(server: Server) -> Person:
    return set_up(server.url)
