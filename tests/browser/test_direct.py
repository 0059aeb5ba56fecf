"""Direct rooms in real windows: begun from a card or by choice, live in the list of the other, also without scripts."""

import re
import secrets

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenWindow
from tests.browser.windows import Problems, Window
from tests.people import Person, newcomer

ENGINES = ["chromium", "firefox"]


@pytest.fixture
def dora(ana: Person, room: int) -> Person:
    """Ana is in a room with her."""
    person = newcomer(ana, f"Dora{secrets.token_hex(3)}")
    ana.let_in(room, person)
    return person


@pytest.fixture
def emil(ana: Person) -> Person:
    return newcomer(ana, f"Emil{secrets.token_hex(3)}")


def entry(window: Window, name: str) -> Locator:
    """The direct room of this name in the list."""
    return window.page.locator("#directs a").filter(has_text=name)


def is_lit(window: Window, name: str) -> None:
    expect(entry(window, name)).to_have_count(1)
    expect(entry(window, name)).to_have_css("font-weight", "700")
    expect(entry(window, name).locator(".count")).to_be_visible()


def number_of(window: Window) -> int:
    """Of the room whose page it shows."""
    window.page.wait_for_url("**/rooms/*")
    return int(window.page.url.rpartition("/")[2])


def test_from_a_card_to_a_talk_that_appears_in_the_others_list(
    open_window: OpenWindow, ana: Person, dora: Person, emil: Person, room: int
) -> None:
    dora.post(room, "hello all")
    hers, elsewhere, stranger = open_window(dora, room), open_window(dora), open_window(emil)
    mine, second = open_window(ana, room), open_window(ana, room)
    for window in (elsewhere, stranger):
        window.page.goto(f"{window.url}/rooms")
    mine.page.locator(".message a.author").first.click()
    mine.page.locator("#panel").get_by_role("button", name="Message").click()
    direct = number_of(mine)
    mine.is_live()
    expect(mine.page.get_by_role("heading", level=1)).to_have_text(dora.name)
    expect(mine.page).to_have_title(re.compile(f"{dora.name} · Tertulia"))
    expect(mine.draft).to_have_attribute("placeholder", f"Message {dora.name}")
    expect(entry(hers, "Ana")).to_have_count(0)

    mine.write("for your eyes only")
    for window in (hers, elsewhere):
        is_lit(window, "Ana")
        expect(window.page).to_have_title(re.compile(r"^\(\d+\) "))
    expect(entry(second, dora.name)).to_have_count(1)
    expect(entry(second, dora.name).locator(".mark")).to_be_empty()
    expect(entry(stranger, "Ana")).to_have_count(0)

    entry(hers, "Ana").click()
    assert number_of(hers) == direct
    hers.is_live()
    hers.says("for your eyes only")
    expect(hers.page.get_by_role("heading", level=1)).to_have_text("Ana")
    expect(entry(elsewhere, "Ana").locator(".mark")).to_be_empty()
    hers.write("and for yours")
    mine.says("for your eyes only", "and for yours")
    elsewhere.page.reload()
    expect(entry(elsewhere, "Ana")).to_have_count(1)
    stranger.page.reload()
    expect(entry(stranger, "Ana")).to_have_count(0)


def test_a_new_name_reaches_list_heading_and_title(
    open_window: OpenWindow, ana: Person, dora: Person, room: int
) -> None:
    direct = ana.direct(dora)
    dora.post(direct, "hello")
    window, elsewhere = open_window(ana, direct), open_window(ana)
    elsewhere.page.goto(f"{ana.url}/rooms")
    expect(entry(elsewhere, dora.name)).to_have_count(1)
    name = f"Theodora <b> & {dora.name}"
    dora.http.post("/me", data={"display_name": name})
    expect(window.page.get_by_role("heading", level=1)).to_have_text(name)
    expect(window.page).to_have_title(re.compile(re.escape(f"{name} · Tertulia")))
    for each in (window, elsewhere):
        expect(entry(each, name)).to_have_count(1)


def test_a_card_opens_from_the_heading_and_gives_the_focus_back(
    open_window: OpenWindow, ana: Person, dora: Person
) -> None:
    direct = ana.direct(dora)
    window = open_window(ana, direct)
    link = window.page.locator(f"#t{dora.id}")
    link.focus()
    window.page.keyboard.press("Enter")
    panel = window.page.locator("#panel .card-panel")
    expect(panel).to_contain_text(f"@{dora.username}")
    assert window.page.url.endswith(f"/rooms/{direct}")
    window.page.locator("#panel summary").focus()
    window.page.keyboard.press("Enter")
    expect(panel).to_be_hidden()
    expect(link).to_be_focused()
    dora.http.post("/me", data={"display_name": f"{dora.name} Prado"})
    expect(link).to_have_text(f"{dora.name} Prado")


def test_several_are_chosen_while_one_searches(
    open_window: OpenWindow, ana: Person, dora: Person, emil: Person
) -> None:
    window = open_window(ana)
    page = window.page
    page.goto(f"{ana.url}/direct")
    search = page.get_by_label("Find somebody")
    search.press_sequentially(dora.name, delay=20)
    page.get_by_role("checkbox", name=dora.name).check()
    search.fill(emil.name)
    expect(page.get_by_role("status")).to_have_text("1 found.")
    expect(page.get_by_role("checkbox", name=dora.name)).to_be_checked()
    page.get_by_role("checkbox", name=emil.name).check()
    search.fill("nobody at all is called like that")
    expect(page.get_by_role("status")).to_have_text("Nobody else is called like that.")
    expect(page.get_by_role("checkbox")).to_have_count(2)
    page.get_by_role("button", name="Open the room").click()
    assert number_of(window) == emil.direct(ana, dora)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{dora.name}, {emil.name}")


def test_a_block_is_told_beside_the_text_which_stays(
    open_window: OpenWindow, ana: Person, dora: Person, problems: Problems
) -> None:
    problems.expect("status of 403")
    direct = ana.direct(dora)
    ana.post(direct, "before")
    hers, mine = open_window(dora, direct), open_window(ana, direct)
    mine.page.locator(f"#t{dora.id}").click()
    panel = mine.page.locator("#panel")
    panel.get_by_role("button", name="Block").click()
    expect(panel.get_by_role("button", name="Unblock")).to_be_visible()
    expect(panel).to_contain_text("they are not told")
    hers.write("half a page of text")
    expect(hers.page.locator("#drafts").get_by_role("alert")).to_contain_text("takes no direct messages from you")
    assert hers.unsent == ["half a page of text"]
    expect(hers.page.locator(".draft-state .error, .draft-state [role=alert]")).to_be_visible()
    mine.says("before")
    panel.get_by_role("button", name="Unblock").click()
    expect(panel.get_by_role("button", name="Block", exact=True)).to_be_visible()
    hers.write("after it")
    mine.says("before", "half a page of text", "after it")


def test_hidden_in_one_window_it_goes_from_the_other_and_comes_back(
    open_window: OpenWindow, ana: Person, dora: Person
) -> None:
    direct = ana.direct(dora)
    dora.post(direct, "hello")
    window, elsewhere = open_window(ana, direct), open_window(ana)
    elsewhere.page.goto(f"{ana.url}/rooms")
    expect(entry(elsewhere, dora.name)).to_have_count(1)
    window.page.goto(f"{ana.url}/rooms/{direct}/members")
    window.page.get_by_role("button", name="Hide this room").click()
    window.page.wait_for_url("**/rooms")
    for each in (window, elsewhere):
        expect(entry(each, dora.name)).to_have_count(0)
    dora.post(direct, "are you there?")
    for each in (window, elsewhere):
        is_lit(each, dora.name)


def test_by_keyboard_alone(open_window: OpenWindow, ana: Person, dora: Person) -> None:
    window = open_window(ana)
    page = window.page
    page.goto(f"{ana.url}/rooms")
    page.get_by_role("link", name="Direct messages").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/direct")
    search = page.get_by_label("Find somebody")
    expect(search).to_be_focused()
    page.keyboard.type(dora.name)
    expect(page.get_by_role("status")).to_have_text("1 found.")
    box = page.get_by_role("checkbox", name=dora.name)
    tab_to(page, box)
    page.keyboard.press("Space")
    expect(box).to_be_checked()
    tab_to(page, page.get_by_role("button", name="Open the room"))
    page.keyboard.press("Enter")
    direct = number_of(window)
    window.is_live()
    expect(window.draft).to_be_focused()
    page.keyboard.type("no mouse was moved")
    page.keyboard.press("Enter")
    window.says("no mouse was moved")
    page.goto(f"{ana.url}/rooms/{direct}/members")
    button = page.get_by_role("button", name="Hide this room")
    tab_to(page, button, 40)
    page.keyboard.press("Enter")
    page.wait_for_url("**/rooms")
    expect(entry(window, dora.name)).to_have_count(0)


def tab_to(page: Page, target: Locator, most: int = 8) -> None:
    for _ in range(most):
        page.keyboard.press("Tab")
        if target.evaluate("target => target === document.activeElement"):
            return
    raise AssertionError("the focus did not come there")
