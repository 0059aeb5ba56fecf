"""A browser and a server for each module, a room for each test; and an ear for every complaint."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright

from tests.browser.engines import CHROMIUM, FIREFOX, driver, launch
from tests.browser.windows import DEADLINE, MILLISECONDS, Problems, Window
from tests.people import Person, newcomer, set_up
from tests.servers import Server, Wire

OpenWindow = Callable[..., Window]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "chromium(reason): not in Firefox, whose driver cannot do what the test needs")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All run in Chromium on SQLite; a module with Firefox in its constant ENGINES in Firefox on PostgreSQL, too."""
    if "engine" not in metafunc.fixturenames:
        return
    pairs = [("sqlite", CHROMIUM)]
    engines = getattr(metafunc.module, "ENGINES", [CHROMIUM])
    if FIREFOX in engines and not metafunc.definition.get_closest_marker("chromium"):
        pairs.append(("postgresql", FIREFOX))
    ids = [engine for _, engine in pairs]
    metafunc.parametrize(("database", "engine"), pairs, indirect=["database"], ids=ids, scope="module")


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Not for the session: as long as it lives, no other test in this thread can run an event loop."""
    with driver() as running:
        yield running


@pytest.fixture(scope="module")
def browser(playwright: Playwright, engine: str) -> Iterator[Browser]:
    running = launch(playwright, engine)
    yield running
    running.close()


@pytest.fixture(scope="module")
def server(
    request: pytest.FixtureRequest, database: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A module says what is special about its server in a constant SETTINGS."""
    settings = {"MAX_POSTS": "100000", **database, **getattr(request.module, "SETTINGS", {})}
    running = Server(tmp_path_factory.mktemp("server"), **settings).start()
    yield running
    running.kill()


@pytest.fixture(scope="module")
def ana(server: Server) -> Person:
    """The admin."""
    return set_up(server.url)


@pytest.fixture(scope="module")
def bea(ana: Person) -> Person:
    return newcomer(ana, "Bea")


@pytest.fixture
def room(request: pytest.FixtureRequest, ana: Person, bea: Person) -> int:
    """A closed room of this test's own, with Ana and Bea in it."""
    return ana.make_room(request.node.name.removeprefix("test_")[:80], bea)


@pytest.fixture
def problems() -> Iterator[Problems]:
    """Every test fails on what any of its pages complained about, unless it said that it expects it."""
    found = Problems()
    yield found
    assert not found.unexpected, "\n".join(found.unexpected)


@pytest.fixture
def open_context(browser: Browser, problems: Problems) -> Iterator[Callable[..., BrowserContext]]:
    contexts: list[BrowserContext] = []

    def make(person: Person | None = None, url: str = "", **options: Any) -> BrowserContext:
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(DEADLINE * MILLISECONDS)
        problems.watch(context)
        if person is not None:
            context.add_cookies(
                [{"name": each.name, "value": each.value or "", "url": url} for each in person.http.cookies.jar]
            )
        return context

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def open_window(server: Server, open_context: Callable[..., BrowserContext]) -> OpenWindow:
    """`open_window(bea)` is a window of hers; `open_window(bea, room)` has the room open already."""

    def make(person: Person | None = None, room: int | None = None, url: str = "", **options: Any) -> Window:
        url = url or server.url
        window = Window(open_context(person, url, **options).new_page(), person, url)
        return window if room is None else window.open(room)

    return make


@pytest.fixture
def wire(server: Server, problems: Problems) -> Iterator[Wire]:
    """Between a window and the server: `open_window(bea, room, wire.url)`."""
    problems.expect_disconnections()
    running = Wire(server.port).start()
    yield running
    running.close()
