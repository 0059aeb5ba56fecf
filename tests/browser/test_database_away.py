"""Case 56 in the browser: while the database is away a page keeps its socket, or tries again ever more rarely."""

import time
from collections.abc import Iterator

import pytest

from tests.browser.conftest import OpenWindow
from tests.browser.windows import Problems, Window
from tests.people import Person
from tests.postgres import Postgres
from tests.servers import Server, Wire

SETTINGS = {"HEARTBEAT_SECONDS": "0.5"}
ATTEMPTS = 4


@pytest.fixture(scope="module")
def database_wire(postgres: Postgres) -> Iterator[Wire]:
    running = Wire(postgres.port).start()
    yield running
    running.close()


@pytest.fixture(scope="module")
def database(postgres: Postgres, database_wire: Wire) -> Iterator[dict[str, str]]:
    """Behind a wire that can be cut."""
    with postgres.fresh() as url:
        yield {"DATABASE_URL": url.replace(str(postgres.port), str(database_wire.port))}


class Requests:
    """What a page asks for from now on: how often after its session, and when for a socket."""

    def __init__(self, window: Window) -> None:
        self.sessions = 0
        self.sockets: list[float] = []
        window.page.on("request", self._request)
        window.page.on("websocket", lambda _: self.sockets.append(time.monotonic()))

    def _request(self, request) -> None:  # type: ignore[no-untyped-def]
        self.sessions += "/session" in request.url


def test_case_56_a_page_keeps_its_socket_or_tries_ever_more_rarely(
    open_window: OpenWindow, ana: Person, bea: Person, room: int, wire: Wire, database_wire: Wire, problems: Problems
) -> None:
    problems.expect(r"503", r"WebSocket connection to")
    ana.post(room, "before")
    staying, leaving = open_window(ana, room), open_window(bea, room, wire.url)
    stays, tries = Requests(staying), Requests(leaving)
    database_wire.cut()
    try:
        wire.cut()
        wire.restore()
        leaving.until(lambda: len(tries.sockets) >= ATTEMPTS)
        gaps = [after - before for before, after in zip(tries.sockets, tries.sockets[1:], strict=False)]
        assert gaps == sorted(gaps), "each pause is longer than the one before"
        assert tries.sessions == 0
        assert (stays.sessions, stays.sockets) == (0, [])
    finally:
        database_wire.restore()
    leaving.is_live()
    leaving.says("before")
    ana.post(room, "after")
    for window in (staying, leaving):
        window.says("before", "after")
    assert (stays.sessions, stays.sockets) == (0, [])


def test_signing_out_in_another_window_leads_to_the_login(
    open_window: OpenWindow, server: Server, bea: Person, room: int, problems: Problems
) -> None:
    """One question, at once."""
    problems.expect(r"401 .*/session")
    person = Person(server.url, bea.username, bea.name).sign_in()
    window = open_window(person, room)
    asked = Requests(window)
    person.sign_out()
    window.page.wait_for_url("**/login?reason=signed-out**")
    assert asked.sessions == 1


def test_removal_leads_to_the_rooms(
    open_window: OpenWindow, ana: Person, bea: Person, room: int, problems: Problems
) -> None:
    problems.expect(r"404 .*/session")
    window = open_window(bea, room)
    asked = Requests(window)
    ana.remove(room, bea)
    window.page.wait_for_url("**/rooms?reason=removed")
    assert asked.sessions == 1
