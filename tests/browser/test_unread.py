"""What is unread: lit live in every window, dark again when it is read, without JavaScript and by keyboard as well."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import OpenWindow
from tests.browser.engines import CHROMIUM
from tests.browser.windows import Window
from tests.people import Person

ENGINES = ["chromium", "firefox"]


@pytest.fixture(autouse=True)
def nothing_is_unread(bea: Person) -> None:
    for room in re.findall(r'id="unread-(\d+)">unread', bea.http.get("/rooms").text):
        bea.http.post(f"/rooms/{room}/read")


def entry(window: Window, room: int) -> Locator:
    """The room in the list of rooms."""
    return window.page.locator(f".sidebar-rooms a[href='/rooms/{room}']")


def is_lit(window: Window, room: int, name: str) -> None:
    """Bold, with a dot, and with the word."""
    expect(entry(window, room)).to_have_css("font-weight", "700")
    expect(entry(window, room).locator(".mark")).to_be_visible()
    expect(window.page.get_by_role("link", name=re.compile(f"^{name} unread"))).to_be_visible()


def is_dark(window: Window, room: int) -> None:
    expect(entry(window, room).locator(".mark")).to_be_empty()
    expect(entry(window, room).locator(".mark")).to_be_hidden()


def links_read_aloud(window: Window) -> list[str]:
    """As Chromium tells them to a screen reader: what a style sheet counts is not known to Playwright."""
    nodes = window.page.context.new_cdp_session(window.page).send("Accessibility.getFullAXTree")["nodes"]
    return [each["name"]["value"].strip() for each in nodes if each.get("role", {}).get("value") == "link"]


def test_it_is_lit_in_every_window_and_dark_again_when_read_in_one(
    open_window: OpenWindow, ana: Person, bea: Person
) -> None:
    room, other = (ana.make_room(name, bea) for name in ("Garden", "Kitchen"))
    first, second = open_window(bea, other), open_window(bea)
    second.page.goto(f"{second.url}/rooms")
    expect(second.page).to_have_title("Rooms · Tertulia")
    is_dark(first, room)
    ana.post(room, "hello")
    for window in (first, second):
        is_lit(window, room, "Garden")
        expect(window.page).to_have_title(re.compile("^• "))
        expect(window.page.locator("#icon")).to_have_attribute("href", re.compile("icon-unread"))
    second.page.reload()
    is_lit(second, room, "Garden")
    expect(second.page).to_have_title("• Rooms · Tertulia")

    entry(first, room).click()
    first.is_live()
    for window in (first, second):
        is_dark(window, room)
    expect(second.page).to_have_title("Rooms · Tertulia")
    expect(second.page.locator("#icon")).to_have_attribute("href", re.compile(r"icon\.svg"))
    ana.post(room, "seen at once")
    first.says("hello", "seen at once")
    ana.post(other, "after it")
    is_lit(second, other, "Kitchen")
    is_dark(second, room)
    second.page.reload()
    is_dark(second, room)
    is_lit(second, other, "Kitchen")


def test_what_comes_while_one_is_scrolled_up_is_counted_and_unread_until_one_goes_there(
    open_window: OpenWindow, ana: Person, bea: Person, room: int, engine: str
) -> None:
    for number in range(40):
        ana.post(room, f"number {number}")
    window = open_window(bea, room)
    is_dark(window, room)
    window.page.locator("#scroller").hover()
    window.page.mouse.wheel(0, -1500)
    expect(window.page.locator("#left")).to_be_attached()
    for number in range(3):
        ana.post(room, f"new {number}")
    expect(entry(window, room).locator(".mark")).to_be_visible()
    latest = window.page.locator("a.latest")
    expect(latest).to_be_visible()
    expect(window.page.locator("#left ~ .message")).to_have_count(3)
    if engine == CHROMIUM:
        assert "new To the newest" in links_read_aloud(window), "the number is drawn; it does not read counters aloud"
    latest.click()
    is_dark(window, room)
    window.page.reload()
    is_dark(window, room)


def test_unread_from_here_and_the_line_where_one_stopped(
    open_window: OpenWindow, ana: Person, bea: Person, room: int
) -> None:
    messages = [ana.post(room, f"number {number}") for number in range(60)]
    window = open_window(bea, room)
    is_dark(window, room)
    panel = window.act_on(messages[55])
    panel.get_by_role("button", name="Mark unread from here").click()
    expect(panel).to_be_hidden()
    expect(entry(window, room).locator(".mark")).to_be_visible()
    expect(window.page.get_by_role("button", name="Mark as read").first).to_be_visible()
    window.open(room)
    line = window.page.locator("#new")
    expect(line).to_contain_text("New")
    assert line.evaluate("line => line.nextElementSibling.id") == f"message-{messages[55]}"
    is_dark(window, room)
    expect(line).to_be_visible()

    bea.http.post(f"/messages/{messages[3]}/unread")
    window.page.goto(f"{window.url}/rooms/{room}")
    window.page.get_by_role("link", name="First new message").click()
    window.page.wait_for_url(re.compile(r"around="))
    assert line.evaluate("line => line.nextElementSibling.id") == f"message-{messages[3]}"
    expect(line).to_be_in_viewport()


def test_a_permalink_marks_nothing(open_window: OpenWindow, ana: Person, bea: Person, room: int) -> None:
    messages = [ana.post(room, f"number {number}") for number in range(120)]
    window = open_window(bea).open(room, f"?around={messages[20]}")
    expect(entry(window, room).locator(".mark")).to_be_visible()
    ana.post(room, "one more")
    window.page.goto(f"{window.url}/rooms")
    expect(entry(window, room).locator(".mark")).to_be_visible()


@pytest.mark.chromium("its driver leaves scripts on")
def test_without_javascript(open_window: OpenWindow, ana: Person, bea: Person, room: int) -> None:
    ana.post(room, "hello")
    window = open_window(bea, java_script_enabled=False)
    page = window.page
    page.goto(f"{window.url}/rooms/{room}")
    expect(page).to_have_title(re.compile("^• "))
    page.reload()
    expect(entry(window, room).locator(".mark")).to_be_visible()
    page.locator(".room-head").get_by_role("button", name="Mark as read").click()
    page.wait_for_url(f"**/rooms/{room}")
    is_dark(window, room)
    expect(page.get_by_role("button", name="Mark as read").first).to_be_hidden()
    expect(page).not_to_have_title(re.compile("^•"))

    ana.post(room, "and you?")
    page.reload()
    expect(entry(window, room).locator(".mark")).to_be_visible()
    page.get_by_label("Message", exact=True).fill("an answer")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url(f"**/rooms/{room}")
    is_dark(window, room)

    message = ana.post(room, "for later")
    page.goto(f"{window.url}/messages/{message}")
    page.get_by_role("button", name="Mark unread from here").click()
    page.wait_for_url("**/rooms")
    expect(entry(window, room).locator(".mark")).to_be_visible()


def test_by_keyboard_alone(open_window: OpenWindow, ana: Person, bea: Person, room: int) -> None:
    messages = [ana.post(room, f"number {number}") for number in range(3)]
    window = open_window(bea, room)
    is_dark(window, room)
    page = window.page
    page.locator(f"#m{messages[1]}").focus()
    page.keyboard.press("Enter")
    button = page.get_by_role("button", name="Mark unread from here")
    expect(button).to_be_visible()
    for _ in range(30):
        page.keyboard.press("Tab")
        if button.evaluate("button => button === document.activeElement"):
            break
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(f"#m{messages[1]}")).to_be_focused()
    expect(entry(window, room).locator(".mark")).to_be_visible()
    page.locator(".mark-read button").focus()
    page.keyboard.press("Enter")
    is_dark(window, room)
