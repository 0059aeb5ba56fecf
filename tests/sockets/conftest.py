"""A real server with an admin, Ana, shared by the tests of one file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.people import Person, set_up
from tests.servers import FRAMES, PLAIN_WS, Server


@pytest.fixture(scope="module", params=[FRAMES, PLAIN_WS], ids=["frames", "plain"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With our protocol, and with the server's own."""
    folder: Path = tmp_path_factory.mktemp("server")
    made = Server(
        folder, ws=request.param, MAX_POSTS="100000", MAX_LOGINS_PER_ADDRESS="1000", PRESENCE_GRACE_SECONDS="1"
    ).start()
    yield made
    made.kill()


@pytest.fixture(scope="module")
def ana(server: Server) -> Person:
    return set_up(server.url)
