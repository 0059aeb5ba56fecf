"""A real server with an admin, Ana, shared by the tests of one file; each file runs on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.people import Person, set_up
from tests.servers import Server


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" in metafunc.fixturenames:
        metafunc.parametrize("database", ["sqlite", "postgresql"], indirect=True, scope="module")


@pytest.fixture(scope="module")
def server(database: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("server")
    made = Server(folder, MAX_POSTS="100000", MAX_LOGINS_PER_ADDRESS="1000", **database).start()
    yield made
    made.kill()


@pytest.fixture(scope="module")
def ana(server: Server) -> Person:
    return set_up(server.url)
