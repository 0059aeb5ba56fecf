"""Who is typing, in two windows: shown at a fixed place, ended by the message; and nothing of it while offline."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenWindow
from tests.browser.windows import Window
from tests.people import Person
from tests.servers import Wire

ENGINES = ["chromium", "firefox"]
BOXES = """() => ['#scroller', '#composer', '.foot-line'].map(each => {
    const box = document.querySelector(each).getBoundingClientRect()
    return [box.top, box.height, box.width]})"""


def line(window: Window) -> str:
    return str(window.page.locator("#typing").text_content())


def test_the_other_is_told_until_the_message_comes(
    open_window: OpenWindow, ana: Person, bea: Person, room: int
) -> None:
    hers, his = open_window(ana, room), open_window(bea, room)
    boxes = his.page.evaluate(BOXES)
    hers.page.bring_to_front()
    hers.draft.press_sequentially("hello")
    his.comes_to(lambda: line(his), "Ana is typing")
    expect(his.page.locator("#typing")).to_be_visible()
    expect(his.page.locator("#typing")).to_have_attribute("aria-live", "off")
    assert his.page.evaluate(BOXES) == boxes, "the page does not move"
    assert line(hers) == ""
    hers.send()
    his.says("hello")
    his.comes_to(lambda: line(his), "")
    expect(his.page.locator("#typing")).to_be_hidden()


@pytest.mark.chromium("Firefox's driver does not report the frames of a socket")
def test_what_is_typed_offline_is_told_to_nobody_afterwards(
    open_window: OpenWindow, ana: Person, bea: Person, room: int, wire: Wire
) -> None:
    hers, his = open_window(ana, room, wire.url), open_window(bea, room)
    hers.page.bring_to_front()
    sent: list[str] = []
    hers.page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(str(frame))))
    with hers.coming_back():
        wire.cut()
        hers.draft.press_sequentially("half of")
        wire.restore()
    hers.until(lambda: bool(sent))
    assert "since" in sent[0]
    assert not any("typing" in each for each in sent)
    expect(hers.page.locator("#alert")).to_be_empty()
    assert line(his) == ""
    hers.draft.press_sequentially(" it\n")
    for window in (hers, his):
        window.says("half of it")
