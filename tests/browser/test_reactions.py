"""Reactions in two windows, by mouse, by keyboard alone, and without JavaScript."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenWindow
from tests.browser.windows import Window
from tests.people import Person
from tests.servers import Wire

ENGINES = ["chromium", "firefox"]
UP, HEART, PENGUIN = "👍", "❤️", "🐧"
EDGE = "button => getComputedStyle(button).borderColor"


def button(page: Page, message: int, name: str) -> Locator:
    return page.locator(f"#message-{message}").get_by_role("button", name=name)


def counts(window: Window, message: int) -> list[str]:
    return window.page.locator(f"#message-{message} .reaction > [aria-hidden]").all_inner_texts()


def test_a_reaction_is_live_in_the_other_window_and_one_click_repeats_it(
    open_window: OpenWindow, ana: Person, bea: Person, room: int
) -> None:
    message, other = ana.post(room, "Shall we?"), ana.post(room, "another")
    hers, his = open_window(ana, room), open_window(bea, room)
    panel = hers.act_on(message)
    panel.get_by_role("button", name="thumbs up").click()
    expect(panel).to_have_count(0)
    for window in (hers, his):
        window.comes_to(lambda window=window: counts(window, message), [f"{UP} 1"])
        assert counts(window, other) == []
    mine, elsewhere = button(hers.page, message, "thumbs up: Ana"), button(his.page, message, "thumbs up: Ana")
    assert mine.evaluate(EDGE) != elsewhere.evaluate(EDGE), "one's own is seen to be so"
    elsewhere.click()
    for window in (hers, his):
        window.comes_to(lambda window=window: counts(window, message), [f"{UP} 2"])
    expect(button(his.page, message, "thumbs up: Ana, Bea")).to_have_count(1)
    assert button(his.page, message, "thumbs up").evaluate(EDGE) == mine.evaluate(EDGE)
    button(hers.page, message, "thumbs up").click()
    for window in (hers, his):
        window.comes_to(lambda window=window: counts(window, message), [f"{UP} 1"])
    button(his.page, message, "thumbs up").click()
    for window in (hers, his):
        window.comes_to(lambda window=window: counts(window, message), [])
    assert hers.page.url.endswith(f"/rooms/{room}") and his.page.url.endswith(f"/rooms/{room}")


def test_two_clicks_in_one_moment_are_one(open_window: OpenWindow, ana: Person, bea: Person, room: int) -> None:
    message = ana.post(room, "Shall we?")
    bea.http.post(f"/messages/{message}/reactions", data={"emoji": UP})
    window = open_window(ana, room)
    button(window.page, message, "thumbs up").dblclick()
    window.comes_to(lambda: counts(window, message), [f"{UP} 2"])
    bea.http.post(f"/messages/{message}/reactions", data={"emoji": HEART})
    window.comes_to(lambda: counts(window, message), [f"{UP} 2", f"{HEART} 1"])


def test_who_was_away_is_shown_them_without_a_reload(
    open_window: OpenWindow, ana: Person, bea: Person, room: int, wire: Wire
) -> None:
    message, gone = ana.post(room, "Shall we?"), ana.post(room, "gone")
    window = open_window(bea, room, wire.url)
    wire.cut()
    for emoji in (UP, HEART):
        ana.http.post(f"/messages/{message}/reactions", data={"emoji": emoji})
        ana.http.post(f"/messages/{gone}/reactions", data={"emoji": emoji})
    ana.edit(message, "Shall we go?")
    ana.delete(gone)
    with window.coming_back():
        wire.restore()
    window.says("Shall we go?")
    assert counts(window, message) == [f"{UP} 1", f"{HEART} 1"]


def test_by_keyboard_alone(open_window: OpenWindow, ana: Person, room: int) -> None:
    message = ana.post(room, "Shall we?")
    window = open_window(ana, room)
    page = window.page
    page.locator(f"#m{message}").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Edit your message")).to_be_focused()
    page.get_by_role("link", name="All emoji").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Find by name")).to_be_focused()
    page.keyboard.type("penguin")
    found = page.locator("#emoji-found").get_by_role("button")
    expect(found).to_have_count(1)
    for _ in range(20):
        page.keyboard.press("Tab")
        if found.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")
    window.comes_to(lambda: counts(window, message), [f"{PENGUIN} 1"])
    expect(page.locator(".picker")).to_have_count(0)
    expect(page.locator(f"#m{message}")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(button(page, message, "penguin: Ana")).to_be_focused()
    expect(page.locator(f"#message-{message} .who")).to_contain_text("penguin: Ana")
    ana.http.post(f"/messages/{message}/reactions", data={"emoji": UP})
    window.comes_to(lambda: counts(window, message), [f"{PENGUIN} 1", f"{UP} 1"])
    expect(button(page, message, "penguin")).to_be_focused()
    page.keyboard.press("Enter")
    window.comes_to(lambda: counts(window, message), [f"{UP} 1"])
    expect(page.locator(f"#m{message}")).to_be_focused()


@pytest.mark.chromium("the driver cannot turn scripts off")
def test_without_javascript(open_window: OpenWindow, ana: Person, bea: Person, room: int) -> None:
    message = bea.post(room, "Shall we?")
    page = open_window(ana, java_script_enabled=False).page
    page.goto(f"{ana.url}/rooms/{room}")
    page.locator(f"#m{message}").click()
    page.get_by_role("link", name="All emoji").click()
    page.get_by_label("Find by name").fill("penguin")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("button", name="penguin").click()
    page.wait_for_url(f"**/rooms/{room}?around={message}*")
    button(page, message, "penguin: Ana").click()
    expect(page.locator(f"#message-{message}")).to_be_visible()
    expect(page.locator(".reaction")).to_have_count(0)


def test_the_link_of_a_message_selects_itself(open_window: OpenWindow, ana: Person, room: int) -> None:
    message = ana.post(room, "hello")
    window = open_window(ana, room)
    panel = window.act_on(message)
    link = f"{window.url}/rooms/{room}?around={message}#message-{message}"
    panel.locator(".link > span").click()
    assert window.page.evaluate("() => getSelection().toString()").strip() == link
    field = panel.get_by_label("Link to this message")
    field.focus()
    expect(field).to_have_value(link)
