"""Whatever happened to the line, the server or the tab: the page comes back by itself, with each message once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import OpenWindow
from tests.browser.windows import Problems
from tests.people import Person, fresh_key
from tests.servers import Server, Wire

ENGINES = ["chromium", "firefox"]
SETTINGS = {"HEARTBEAT_SECONDS": "0.5"}


def much_happens(person: Person, room: int, before: list[int]) -> None:
    """200 posts, 5 edits and 5 deletions: of those `before`, and of the new ones."""
    posted = [person.post(room, f"number {number}") for number in range(200)]
    for number, message in enumerate((before[2], before[7], posted[0], posted[99], posted[199])):
        person.edit(message, f"edited {number}")
    for message in (before[0], before[9], posted[1], posted[100], posted[198]):
        person.delete(message)


def test_two_hundred_posts_and_some_edits_and_deletions_while_offline(
    open_window: OpenWindow, ana: Person, bea: Person, room: int, wire: Wire
) -> None:
    before = [ana.post(room, f"before {number}") for number in range(10)]
    away, stayed = open_window(bea, room, wire.url), open_window(bea, room)
    wire.cut()
    much_happens(ana, room, before)
    everything = ana.history(room)
    assert len(everything.ids) == 205
    stayed.shows(everything)
    assert len(away.log) == 10
    wire.restore()
    away.shows(everything)
    ana.post(room, "and live again")
    for window in (away, stayed):
        window.comes_to(lambda window=window: window.texts[-2:], ["edited 4", "and live again"])


def test_who_missed_too_much_gets_the_newest_page_and_may_read_on_from_there(
    open_window: OpenWindow, ana: Person, bea: Person, room: int, wire: Wire
) -> None:
    for number in range(60):
        ana.post(room, f"before {number}")
    window = open_window(bea, room, wire.url)
    wire.cut()
    for number in range(300):
        ana.post(room, f"number {number}")
    everything = ana.history(room)
    wire.restore()
    window.shows(ana.page(room))
    while len(window.log) < len(everything.ids):
        shown = len(window.log)
        window.page.locator("#older").scroll_into_view_if_needed()
        window.until(lambda shown=shown: len(window.log) > shown)
    window.shows(everything)
    ana.post(room, "and live again")
    window.comes_to(lambda: window.texts[-1], "and live again")


@pytest.mark.parametrize("end", ["terminate", "kill"])
def test_the_server_is_restarted_under_an_open_page(
    open_window: OpenWindow, server: Server, ana: Person, bea: Person, room: int, problems: Problems, end: str
) -> None:
    problems.expect_disconnections()
    windows = [open_window(ana, room), open_window(bea, room)]
    stored: list[str] = []
    with posting(ana, room, stored.append):
        for window in windows:
            window.until(lambda window=window: len(window.log) > 10)
        getattr(server, end)()
        server.start()
        already = len(stored)
        for window in windows:
            window.until(lambda window=window: len(window.log) > already + 10)
    everything = ana.history(room)
    assert everything.texts == stored
    for window in windows:
        window.shows(everything)
    for window in windows:
        window.write("we are all here")
    for window in windows:
        window.comes_to(lambda window=window: window.texts[-2:], ["we are all here"] * 2)


@contextmanager
def posting(person: Person, room: int, stored: Callable[[str], None]) -> Iterator[None]:
    """Somebody posts all the time, each message until it is answered with success."""
    done = threading.Event()

    def run() -> None:
        number = 0
        while not done.is_set() and number < 2000:
            text, key = f"number {number}", fresh_key()
            while not succeeds(person, room, text, key):
                pass
            stored(text)
            number += 1
            done.wait(0.02)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def succeeds(person: Person, room: int, text: str, key: str) -> bool:
    try:
        return person.send(room, text, key).status_code == 201
    except httpx.TransportError:
        return False


def test_what_happens_between_the_page_and_its_socket_is_not_lost(
    open_window: OpenWindow, ana: Person, bea: Person, room: int
) -> None:
    """The scripts come late; a page must not begin before all of them are there."""
    first, second = ana.post(room, "first"), ana.post(room, "second")
    window = open_window(bea)
    held: list[Route] = []
    window.page.route("**/hx-*.js", lambda route: held.append(route))
    window.page.goto(f"{window.url}/rooms/{room}", wait_until="commit")
    window.until(lambda: len(held) == 2)
    ana.post(room, "third")
    ana.edit(first, "first, edited")
    ana.delete(second)
    window.page.wait_for_timeout(200)  # for a page that begins too early to do so
    window.says("first", "second")
    for route in held:
        route.continue_()
    window.says("first, edited", "third")
    window.is_live()


def test_a_socket_that_has_fallen_silent_is_replaced(
    open_window: OpenWindow, ana: Person, bea: Person, room: int, wire: Wire
) -> None:
    window = open_window(bea, url=wire.url)
    window.page.clock.install()
    window.open(room)
    wire.stall_sockets()
    ana.post(room, "nobody hears this")
    window.page.clock.fast_forward("00:39")
    assert window.texts == []
    window.page.clock.fast_forward("00:02")
    window.says("nobody hears this")
    ana.post(room, "everybody hears this")
    window.says("nobody hears this", "everybody hears this")


@pytest.mark.chromium("its driver cannot hasten an animation")
def test_the_offline_banner_is_shown_when_the_server_falls_silent(
    open_window: OpenWindow, server: Server, ana: Person, room: int
) -> None:
    """Its animation runs twenty times as fast here: half a second between heartbeats are ten."""
    window = open_window(ana, room)
    window.page.context.new_cdp_session(window.page).send("Animation.setPlaybackRate", {"playbackRate": 20})
    banner = window.page.locator("#heartbeat")
    for _ in range(8):
        mark = banner.element_handle()
        assert mark is not None
        expect(banner).to_be_hidden()
        window.until(lambda mark=mark: not mark.evaluate("each => each.isConnected"), lambda: "no heartbeat came")
    server.pause()
    try:
        expect(banner).to_be_visible()
        expect(banner).to_have_text("Offline. Reconnecting…")
    finally:
        server.resume()
    expect(banner).to_be_hidden()


def test_going_back_to_a_room_finds_it_as_it_is(open_window: OpenWindow, ana: Person, bea: Person, room: int) -> None:
    ana.post(room, "before")
    window = open_window(bea, room)
    window.says("before")
    window.page.get_by_role("link", name="Members").first.click()
    window.page.wait_for_url("**/members")
    ana.post(room, "meanwhile")
    window.page.go_back()
    window.says("before", "meanwhile")
    window.is_live()
    ana.post(room, "after")
    window.says("before", "meanwhile", "after")
    window.page.go_forward()
    window.page.go_back()
    window.says("before", "meanwhile", "after")
    window.is_live()


def test_a_hidden_tab_goes_on_listening(open_window: OpenWindow, ana: Person, bea: Person, room: int) -> None:
    window = open_window(bea, room)
    sockets: list[str] = []
    window.page.on("websocket", lambda socket: sockets.append(socket.url))
    window.page.evaluate(HIDE, True)
    ana.post(room, "while it is hidden")
    window.says("while it is hidden")
    window.page.evaluate(HIDE, False)
    ana.post(room, "while it is shown")
    window.says("while it is hidden", "while it is shown")
    assert not sockets, "it has connected anew"


HIDE = """hidden => {
    Object.defineProperty(document, 'hidden', {value: hidden, configurable: true})
    Object.defineProperty(document, 'visibilityState', {value: hidden ? 'hidden' : 'visible', configurable: true})
    document.dispatchEvent(new Event('visibilitychange'))
}"""
