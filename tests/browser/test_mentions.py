"""Mentions and the inbox in real windows: live in a second one, without JavaScript, by keyboard alone."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenWindow
from tests.browser.test_accessibility import is_accessible
from tests.browser.windows import Problems, Window
from tests.people import Person, newcomer
from webapp.domain.mentions import MOST_UNASKED

ENGINES = ["chromium", "firefox"]
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}


@pytest.fixture
def dora(ana: Person, room: int) -> Person:
    person = newcomer(ana, "Dora Prado")
    ana.let_in(room, person)
    return person


def number(window: Window, room: int | str) -> Locator:
    """What waits, beside the room or the inbox."""
    return window.page.locator(f"#count-{room}")


def entries(page: Page) -> Locator:
    return page.locator(".inbox li")


def open_inbox(window: Window) -> Page:
    window.page.goto(f"{window.url}/inbox")
    expect(window.page.get_by_role("heading", level=1)).to_have_text("Inbox")
    return window.page


def test_a_mention_is_shown_in_every_window_and_seen_in_one_is_seen_in_all(
    open_window: OpenWindow, ana: Person, dora: Person, room: int
) -> None:
    other = ana.make_room("Elsewhere", dora)
    first, second = open_window(dora, other), open_window(dora)
    second.page.goto(f"{second.url}/rooms")
    expect(second.page).to_have_title("Rooms · Tertulia")
    ana.post(room, f"hello @{dora.username}")
    for window in (first, second):
        for each in (room, "inbox"):
            expect(number(window, each)).to_have_text("1 for you")
        expect(window.page).to_have_title(re.compile(r"^\(1\) "))
        expect(window.page.locator("#icon")).to_have_attribute("href", re.compile("icon-unread"))
    expect(second.page.get_by_role("link", name="Inbox 1 for you")).to_be_visible()
    first.page.locator(f".sidebar-rooms a[href='/rooms/{room}']").click()
    first.is_live()
    for window in (first, second):
        expect(number(window, room)).to_be_hidden()
    expect(second.page).to_have_title("Rooms · Tertulia")
    second.page.reload()
    expect(number(second, room)).to_be_hidden()


def test_it_is_marked_for_who_is_meant_and_changes_with_an_edit(
    open_window: OpenWindow, ana: Person, dora: Person, bea: Person, room: int
) -> None:
    message = ana.post(room, f"hello @{dora.username} and @nobody-here")
    hers, anas = open_window(dora, room), open_window(ana, room)
    link = f"#message-{message} a.mention"
    for window in (hers, anas):
        expect(window.page.locator(link)).to_have_text([f"@{dora.username}"])
        expect(window.page.locator(link)).to_have_attribute("href", f"/people/{dora.id}")
    assert background(hers.page.locator(link)) != background(anas.page.locator(link)), "for her it is highlighted"
    ana.edit(message, f"hello @{bea.username}")
    for window in (hers, anas):
        expect(window.page.locator(link)).to_have_text([f"@{bea.username}"])
    assert background(hers.page.locator(link)) == background(anas.page.locator(link))
    ana.edit(message, f"hello @_{dora.username}")
    expect(hers.page.locator(link)).to_have_text([f"@_{dora.username}"])
    assert background(hers.page.locator(link)) != background(anas.page.locator(link))
    expect(number(hers, "inbox")).to_be_hidden()


def background(link: Locator) -> Any:
    return link.evaluate("link => getComputedStyle(link).backgroundColor")


def test_an_open_inbox_grows_and_changes_by_itself(
    open_window: OpenWindow, ana: Person, dora: Person, room: int
) -> None:
    window = open_window(dora)
    page = open_inbox(window)
    expect(page.get_by_text("Nothing waits for you here.")).to_be_visible()
    ana.post(room, f"one for @{dora.username}")
    two = ana.post(room, f"two for @{dora.username} & <b>")
    expect(page.locator(".inbox .said")).to_have_text([f"two for @{dora.username} & <b>", f"one for @{dora.username}"])
    expect(page.locator(".inbox .unseen")).to_have_count(2)
    ana.delete(two)
    expect(entries(page)).to_have_count(1)
    expect(entries(page)).to_contain_text("Ana mentioned you in")
    expect(number(window, "inbox")).to_have_text("1 for you")
    opened = open_window(dora)
    open_inbox(opened).get_by_role("button", name=re.compile("one for")).click()
    opened.page.wait_for_url(re.compile(rf"/rooms/{room}\?around=\d+#message-\d+"))
    expect(page.locator(".inbox .unseen")).to_have_count(0)
    expect(number(window, "inbox")).to_be_hidden()
    expect(page).to_have_title("Inbox · Tertulia")


def test_by_keyboard_alone(open_window: OpenWindow, ana: Person, dora: Person, room: int) -> None:
    first = ana.post(room, f"one for @{dora.username}")
    ana.post(room, f"two for @{dora.username}")
    window = open_window(dora)
    page = open_inbox(window)
    page.locator("#main").focus()
    names = []
    for _ in range(7):
        page.keyboard.press("Tab")
        names.append(page.evaluate("() => document.activeElement.innerText.trim()"))
    assert names[:5] == ["All", "Mentions", "Replies", "Direct messages", "Mark all as seen"]
    assert ["two for" in names[5], "one for" in names[6]] == [True, True]
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/rooms/{room}?around={first}#message-{first}")
    expect(window.message(first)).to_be_in_viewport()


@pytest.mark.chromium("Firefox's driver cannot turn scripts off")
def test_without_javascript(open_window: OpenWindow, ana: Person, dora: Person, room: int) -> None:
    first = ana.post(room, f"one for @{dora.username}")
    ana.post(room, f"two for @{dora.username}")
    window = open_window(dora, java_script_enabled=False)
    page = open_inbox(window)
    expect(page).to_have_title("(2) Inbox · Tertulia")
    page.get_by_role("button", name=re.compile("one for")).click()
    page.wait_for_url(f"**/rooms/{room}?around={first}#message-{first}")
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    page.get_by_role("link", name=re.compile("^Inbox")).click()
    page.get_by_role("button", name="Mark all as seen").click()
    page.wait_for_url("**/inbox")
    expect(page.locator(".inbox .unseen")).to_have_count(0)
    expect(page).to_have_title("• Inbox · Tertulia")
    page.get_by_role("link", name="Replies").click()
    expect(page.get_by_text("Nothing waits for you here.")).to_be_visible()


def test_fifty_one_are_asked_for_first(
    open_window: OpenWindow, ana: Person, room: int, dora: Person, problems: Problems
) -> None:
    problems.expect("status of 409")
    for count in range(MOST_UNASKED - 2):
        ana.let_in(room, newcomer(ana, f"P{count}"))
    window, hers = open_window(ana, room), open_window(dora)
    page = window.page
    open_inbox(hers)
    window.write("hello @room")
    button = page.get_by_role("button", name="Tell 51 people")
    expect(button).to_be_visible()
    expect(page.locator("#drafts").get_by_role("alert")).to_contain_text("all 51 people")
    assert window.unsent == ["hello @room"]
    assert window.texts == []
    page.bring_to_front()  # Firefox gives the focus to one window at a time
    button.focus()
    page.keyboard.press("Enter")
    window.says("hello @room")
    expect(button).to_be_hidden()
    expect(entries(hers.page)).to_contain_text("mentioned you in")


@pytest.mark.chromium("Firefox's driver cannot turn scripts off")
def test_fifty_one_are_asked_for_first_without_javascript(
    open_window: OpenWindow, ana: Person, room: int, problems: Problems
) -> None:
    problems.expect("status of 409")
    for count in range(MOST_UNASKED - 1):
        ana.let_in(room, newcomer(ana, f"Q{count}"))
    window = open_window(ana, java_script_enabled=False)
    plain = window.page
    plain.goto(f"{window.url}/rooms/{room}")
    plain.get_by_label("Message", exact=True).fill("again @room")
    plain.get_by_role("button", name="Send").click()
    expect(plain.get_by_label("Message", exact=True)).to_have_value("again @room")
    plain.get_by_role("button", name="Tell 51 people").click()
    plain.wait_for_url(f"**/rooms/{room}")
    expect(plain.locator(".message .body").last).to_have_text("again @room")


@pytest.mark.chromium("Firefox cannot add axe to a page with this policy")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_it_is_accessible(
    open_window: OpenWindow, ana: Person, dora: Person, room: int, scheme: str, viewport: dict[str, int]
) -> None:
    ana.post(room, f"hello @{dora.username}, and @{ana.username} as well")
    window = open_window(dora, bypass_csp=True, reduced_motion="reduce", color_scheme=scheme, viewport=viewport)
    page = open_inbox(window)
    expect(page.locator(".inbox .unseen")).to_have_count(1)
    is_accessible(page)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    page.goto(f"{window.url}/rooms/{room}")
    window.is_live()
    is_accessible(page)
    page.goto(f"{window.url}/inbox?kind=reply")
    is_accessible(page)


def test_an_unfinished_name_shows_whom_it_may_mean(
    open_window: OpenWindow, ana: Person, dora: Person, room: int
) -> None:
    dora.post(room, "hello")
    window = open_window(ana, room)
    shown = window.page.locator("#suggested")
    window.draft.press_sequentially("hello @dor", delay=30)
    expect(shown.get_by_role("listitem")).to_have_text([re.compile(f"@{dora.username} Dora Prado")])
    expect(window.draft).to_have_value("hello @dor")
    expect(window.draft).to_be_focused()
    window.draft.press_sequentially(dora.username.removeprefix("dor") + " and so on", delay=30)
    expect(shown.get_by_role("listitem")).to_have_count(0)
    text = f"hello @{dora.username} and so on"
    expect(window.draft).to_have_value(text)
    window.send()
    window.says("hello", text)
    expect(window.page.locator("a.mention")).to_have_count(1)
