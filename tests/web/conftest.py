"""A real server with an admin, Ana, shared by the tests of one file; each file runs on both databases."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.people import Person, set_up
from tests.postgres import Postgres
from tests.servers import Server


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """What the environment says of the database: nothing, or a fresh one of PostgreSQL's."""
    if request.param == "sqlite":
        yield {}
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    name = f"t{secrets.token_hex(6)}"
    yield {"DATABASE_URL": postgres.create(name)}
    postgres.drop(name)


@pytest.fixture(scope="module")
def server(database: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("server")
    made = Server(folder, MAX_POSTS="100000", MAX_LOGINS_PER_ADDRESS="1000", **database).start()
    yield made
    made.kill()


@pytest.fixture(scope="module")
def ana(server: Server) -> Person:
    return set_up(server.url)
