"""Who is signed out or removed is told why, and keeps what was written and not sent."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenWindow
from tests.browser.windows import Problems, Window
from tests.people import PASSWORD, Person, newcomer

ENGINES = ["chromium", "firefox"]


@pytest.fixture
def cid(ana: Person, room: int) -> Person:
    person = newcomer(ana, "Cid")
    ana.let_in(room, person)
    return person


def test_who_is_signed_out_is_told_at_the_door_and_comes_back(
    open_window: OpenWindow, cid: Person, room: int, problems: Problems
) -> None:
    problems.expect("status of 401")
    page = open_window(cid, room).page
    cid.sign_out()
    page.wait_for_url("**/login?reason=signed-out&next=/rooms/*")
    expect(page.get_by_role("status")).to_contain_text("You were signed out")
    page.get_by_label("Username").fill(cid.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**/rooms/{room}")


def test_who_is_signed_out_while_writing_keeps_the_draft_and_sends_it_later(
    open_window: OpenWindow, cid: Person, room: int, problems: Problems
) -> None:
    problems.expect("status of 401")
    window = open_window(cid, room)
    window.draft.fill("half a sentence")
    cid.sign_out()
    alert = window.page.locator("#alert")
    expect(alert).to_contain_text("You were signed out")
    assert window.page.url.endswith(f"/rooms/{room}")
    expect(window.draft).to_have_value("half a sentence")
    with window.page.context.expect_page() as opened:
        alert.get_by_role("link").click()
    door = opened.value
    door.get_by_label("Username").fill(cid.username)
    door.get_by_label("Password").fill(PASSWORD)
    door.get_by_role("button", name="Sign in").click()
    door.wait_for_url(f"**/rooms/{room}")
    window.page.bring_to_front()
    window.draft.press("Enter")
    Window(door, cid, window.url).says("half a sentence")


def test_who_is_removed_while_writing_keeps_the_draft(
    open_window: OpenWindow, ana: Person, cid: Person, room: int, problems: Problems
) -> None:
    problems.expect("status of 404")
    window = open_window(cid, room)
    window.draft.fill("half a sentence")
    ana.remove(room, cid)
    expect(window.page.locator("#alert")).to_contain_text("not in that room any more")
    expect(window.draft).to_have_value("half a sentence")
    expect(window.page.locator("#alert").get_by_role("link")).to_have_attribute("href", "/rooms?reason=removed")


def test_a_reason_is_one_of_a_list(open_window: OpenWindow, ana: Person) -> None:
    page = open_window(ana).page
    for path in ("/login", "/rooms"):
        page.goto(f"{ana.url}{path}?reason=You+are+hacked%3Cb%3E")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_text(re.compile("hacked"))).to_have_count(0)
