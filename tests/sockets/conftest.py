"""A real server with an admin, Ana, shared by the tests of one file."""

from collections.abc import Iterator

import pytest

from tests.people import Person, set_up
from tests.servers import FRAMES, PLAIN_WS, Server

LIMITS = {"MAX_POSTS": "100000", "MAX_LOGINS_PER_ADDRESS": "1000", "PRESENCE_GRACE_SECONDS": "1"}
KINDS = [(FRAMES, "sqlite"), (PLAIN_WS, "sqlite"), (FRAMES, "postgresql")]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """With our protocol and with the server's own, and on both databases."""
    if "ws" in metafunc.fixturenames:
        ids = ["frames", "plain", "postgresql"]
        metafunc.parametrize(("ws", "database"), KINDS, indirect=["database"], scope="module", ids=ids)


@pytest.fixture(scope="module")
def server(ws: str, database: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("server"), ws=ws, **LIMITS, **database).start()
    yield made
    made.kill()


@pytest.fixture(scope="module")
def ana(server: Server) -> Person:
    return set_up(server.url)
