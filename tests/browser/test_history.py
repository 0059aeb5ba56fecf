"""Reading back, and from a permalink on: pages of the history come while one scrolls."""

from collections.abc import Callable

import pytest
from playwright.sync_api import APIResponse, Route, expect

from tests.browser.conftest import OpenWindow
from tests.browser.windows import Problems, Window
from tests.people import Person

TO_TOP = "scroller => { scroller.scrollTop = -scroller.scrollHeight }"
TO_BOTTOM = "scroller => { scroller.scrollTop = 0 }"
FIRST_IN_VIEW = """scroller => {
    const top = scroller.getBoundingClientRect().top
    const first = [...scroller.querySelectorAll('.message')].find(each => each.getBoundingClientRect().top >= top)
    return [first.id, Math.round(first.getBoundingClientRect().top)]
}"""
END = "scroller => Math.round(scroller.querySelector('#messages > :last-child').getBoundingClientRect().bottom)"
STILL = 2
"""Pixels that rounding may move something by."""


@pytest.fixture(scope="module")
def garden(ana: Person, bea: Person) -> int:
    """A room with 180 messages in it, some of them long, for tests that add little."""
    made = ana.make_room("Garden", bea)
    for number in range(180):
        (ana, bea)[number // 4 % 2].post(made, f"number {number}" + " and on" * (number % 7 * 20))
    return made


class Requests:
    """Answers of the history, held back until they are let go."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.held: list[Route] = []
        self.seen: list[str] = []
        window.page.route("**/messages?*", self._hold)

    def _hold(self, route: Route) -> None:
        self.held.append(route)
        self.seen.append(route.request.url)

    def come(self) -> None:
        self.window.until(lambda: bool(self.held), lambda: "nothing was asked for")

    def let_go(self) -> None:
        while self.held:
            self.held.pop(0).continue_()


def position(window: Window) -> tuple[str, int]:
    name, top = window.page.locator("#scroller").evaluate(FIRST_IN_VIEW)
    return str(name), int(top)


def stays(window: Window, action: Callable[[], None]) -> None:
    """What one reads stays where it is while this happens."""
    name, top = position(window)
    action()
    now = window.page.locator(f"#{name}").evaluate("each => each.getBoundingClientRect().top")
    assert abs(now - top) <= STILL, f"{name} has moved by {now - top} pixels"


def test_history_comes_while_scrolling_up(open_window: OpenWindow, ana: Person, bea: Person, garden: int) -> None:
    everything = ana.history(garden)
    window = open_window(bea)
    requests = Requests(window)
    window.open(garden)
    window.shows(ana.page(garden))
    sockets: list[str] = []
    window.page.on("websocket", lambda socket: sockets.append(socket.url))
    while len(window.log) < len(everything.ids):
        window.page.locator("#scroller").evaluate(TO_TOP)
        requests.come()
        shown = len(window.log)

        def loads(shown: int = shown) -> None:
            requests.let_go()
            window.until(lambda: len(window.log) > shown)

        stays(window, loads)
    window.shows(everything)
    expect(window.page.locator("#older")).to_have_count(0)
    assert len(requests.seen) == len(set(requests.seen)) == 3
    ana.post(garden, "now")
    window.shows(ana.history(garden))
    assert not sockets, "nothing happened, and yet its socket was replaced"


@pytest.mark.parametrize("direction", ["older", "newer"])
def test_what_changes_while_a_page_of_the_history_is_on_its_way(
    open_window: OpenWindow, ana: Person, bea: Person, room: int, direction: str
) -> None:
    """The socket tells of messages that are not on the page yet."""
    ids = [ana.post(room, tall(number)) for number in range(60)]
    query, end, edited = (
        ("", TO_TOP, 3) if direction == "older" else (f"?around={ids[9]}#message-{ids[9]}", TO_BOTTOM, 57)
    )
    window = open_window(bea)
    answered: list[tuple[Route, APIResponse]] = []
    window.page.route("**/messages?*", lambda route: answered.append((route, route.fetch())), times=1)
    window.open(room, query)
    window.page.locator("#scroller").evaluate(end)
    window.until(lambda: bool(answered))
    cursor = window.cursor
    ana.edit(ids[edited], "edited meanwhile")
    ana.delete(ids[edited + 1])
    ana.post(room, "posted meanwhile")
    window.comes_to(lambda: window.cursor, cursor + 3)
    route, response = answered.pop()
    route.fulfill(response=response)
    window.shows(ana.history(room))
    ana.post(room, "and on")
    window.shows(ana.history(room))


def test_the_wheel_leads_to_the_very_first_message(
    open_window: OpenWindow, ana: Person, bea: Person, garden: int
) -> None:
    window = open_window(bea, garden)
    window.page.locator("#scroller").hover()
    first = ana.history(garden).ids[0]
    for _ in range(200):
        if window.message(first).count():
            break
        window.page.mouse.wheel(0, -2000)
        window.page.wait_for_timeout(30)
    window.shows(ana.history(garden))


def test_what_arrives_moves_a_reader_only_at_the_bottom(
    open_window: OpenWindow, ana: Person, bea: Person, garden: int
) -> None:
    window = open_window(bea, garden)
    scroller = window.page.locator("#scroller")
    bottom = scroller.evaluate(END)
    ana.post(garden, "at the bottom")
    window.comes_to(lambda: window.texts[-1], "at the bottom")
    assert abs(scroller.evaluate(END) - bottom) <= STILL, "a reader at the bottom follows"

    scroller.evaluate("scroller => { scroller.scrollTop = -400 }")

    def arrives() -> None:
        ana.post(garden, "further down")
        window.comes_to(lambda: window.texts[-1], "further down")

    stays(window, arrives)

    window.write("what I say, I see")
    window.comes_to(lambda: window.texts[-1], "what I say, I see")
    expect(window.page.locator("#messages > :last-child")).to_be_in_viewport()


def test_an_older_message_that_was_loaded_is_edited_and_has_its_menu(
    open_window: OpenWindow, ana: Person, bea: Person, garden: int
) -> None:
    oldest = ana.history(garden).ids[2]
    window = open_window(ana, garden)
    while not window.message(oldest).count():
        shown = len(window.log)
        window.page.locator("#scroller").evaluate(TO_TOP)
        window.until(lambda shown=shown: len(window.log) > shown)
    panel = window.act_on(oldest)
    panel.get_by_label("Edit your message").fill("long ago")
    panel.get_by_role("button", name="Save").click()
    window.comes_to(lambda: window.log[oldest].text, "long ago")
    assert window.page.url.endswith(f"/rooms/{garden}")


def test_a_permalink_leads_on_to_the_present(open_window: OpenWindow, ana: Person, bea: Person, room: int) -> None:
    ids = [ana.post(room, tall(number)) for number in range(180)]
    window = open_window(bea)
    requests = Requests(window)
    window.open(room, f"?around={ids[60]}#message-{ids[60]}")
    expect(window.message(ids[60])).to_be_in_viewport()
    assert list(window.log) == ids[35:85]

    ids.append(ana.post(room, "between"))
    ana.edit(ids[61], "edited meanwhile")
    window.comes_to(lambda: window.log[ids[61]].text, "edited meanwhile")
    assert list(window.log) == ids[35:85], "what is posted now belongs further down"

    for end in (135, 181):
        window.page.locator("#scroller").evaluate(TO_BOTTOM)
        requests.come()

        def loads(end: int = end) -> None:
            requests.let_go()
            window.comes_to(lambda: list(window.log), ids[35:end])

        stays(window, loads)
    expect(window.page.locator("#newer")).to_have_count(0)
    window.is_live()
    ids.append(ana.post(room, "live again"))
    window.comes_to(lambda: list(window.log), ids[35:])
    window.write("so am I")
    window.comes_to(lambda: window.texts[-2:], ["live again", "so am I"])
    assert "around" in window.page.url, "the page was loaded anew"
    window.page.locator("#scroller").evaluate(TO_TOP)
    requests.come()
    requests.let_go()
    window.shows(ana.history(room))
    assert len(requests.seen) == 3, "it asks for what one reads, and no more"


def test_a_permalink_without_its_anchor_loads_no_more_than_one_reads(
    open_window: OpenWindow, ana: Person, bea: Person, garden: int
) -> None:
    ids = ana.history(garden).ids
    window = open_window(bea)
    requests = Requests(window)
    window.open(garden, f"?around={ids[60]}")
    requests.come()
    requests.let_go()
    window.until(lambda: len(window.log) > 50)
    window.page.locator("#scroller").evaluate(TO_TOP)
    requests.come()
    requests.let_go()
    window.comes_to(lambda: list(window.log), ids[:135])
    assert len(requests.seen) == 2


def tall(number: int) -> str:
    return f"number {number}\n\nand\n\non"


def test_who_writes_from_the_past_is_taken_to_the_present(
    open_window: OpenWindow, ana: Person, bea: Person, room: int
) -> None:
    ids = [ana.post(room, tall(number)) for number in range(120)]
    window = open_window(bea).open(room, f"?around={ids[30]}#message-{ids[30]}")
    window.draft.fill("from long ago")
    window.draft.press("Enter")
    window.page.wait_for_url(f"**/rooms/{room}")
    window.comes_to(lambda: window.texts[-1], "from long ago")
    window.shows(ana.page(room))
    window.is_live()


def test_a_permalink_to_nothing(open_window: OpenWindow, ana: Person, room: int, problems: Problems) -> None:
    problems.expect("status of 404")
    message = ana.post(room, "gone")
    ana.delete(message)
    window = open_window(ana)
    window.page.goto(f"{window.url}/rooms/{room}?around={message}")
    expect(window.page.get_by_role("heading", level=1)).to_have_text("Nothing here")
