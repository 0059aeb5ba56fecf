"""Names, cards, statuses and devices in real windows: what one changes stands at once in the other."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenWindow
from tests.browser.test_accessibility import is_accessible
from tests.browser.windows import Problems, Window
from tests.people import PASSWORD, Person, newcomer

ENGINES = ["chromium", "firefox"]
PHONE = {"width": 360, "height": 740}
NEW = "another horse battery"


@pytest.fixture
def dora(ana: Person, room: int) -> Person:
    person = newcomer(ana, "Dora Prado")
    ana.let_in(room, person)
    return person


def mine(window: Window) -> Page:
    window.page.goto(f"{window.url}/me")
    return window.page


def rename(page: Page, name: str) -> None:
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved")


def test_a_new_name_stands_at_once_wherever_an_open_page_names_them(
    open_window: OpenWindow, ana: Person, dora: Person, room: int
) -> None:
    first, again = dora.post(room, "one"), dora.post(room, "two")
    other = ana.post(room, "three")
    hers, theirs = open_window(dora, room), open_window(ana, room)
    theirs.draft.fill("half a sentence")
    name = f"Theodora <b>Prado</b> & Quist-{dora.id}"  # nobody else's in the other browser's run
    rename(mine(open_window(dora)), name)
    for window in (hers, theirs):
        author = window.message(first).locator(".author")
        expect(author).to_have_text(name)
        expect(window.message(again).locator(".author")).to_have_text(name)
        expect(window.message(first).locator(".avatar")).to_have_text("TQ")
        expect(window.message(first).locator(".menu")).to_have_accessible_name(f"Actions: {name}")
        expect(window.message(other).locator(".author")).to_have_text("Ana")
        expect(window.page.locator(f"#here-{dora.id} .name")).to_have_text(name)
    expect(hers.page.locator(".sidebar-me")).to_have_text(name)
    expect(theirs.page.locator(".sidebar-me")).to_have_text("Ana")
    expect(theirs.draft).to_have_value("half a sentence")
    assert theirs.draft.evaluate("draft => draft === document.activeElement")
    late = dora.post(room, "four")
    expect(theirs.message(late).locator(".author")).to_have_text(name)
    theirs.open(room)
    expect(theirs.message(first).locator(".author")).to_have_text(name)


def test_who_was_offline_shows_the_new_name_when_they_are_back(
    open_window: OpenWindow, ana: Person, dora: Person, room: int, problems: Problems
) -> None:
    problems.expect_disconnections()
    message = dora.post(room, "one")
    window = open_window(ana, room)
    with window.coming_back():
        window.page.context.set_offline(True)
        window.page.locator("#live").evaluate("live => live._htmx.ws.connection.socket.close()")
        dora.http.post("/me", data={"display_name": f"Dora Nova-{dora.id}"})
        window.page.context.set_offline(False)
    expect(window.message(message).locator(".author")).to_have_text(f"Dora Nova-{dora.id}")


def test_a_status_is_shown_in_the_list_and_the_card_live(
    open_window: OpenWindow, ana: Person, dora: Person, room: int
) -> None:
    dora.post(room, "one")
    open_window(dora, room)
    window = open_window(ana, room)
    page = mine(open_window(dora))
    page.get_by_label("What others see").fill("On the train")
    page.get_by_label("For how long").select_option("For 1 hour")
    page.get_by_role("button", name="Set status").click()
    expect(page.get_by_role("status")).to_contain_text("Your status is set")
    window.page.get_by_role("button", name="Here now").click()
    status = window.page.locator(f"#here-{dora.id} .status")
    expect(status).to_have_text("On the train")
    window.page.keyboard.press("Escape")
    card = open_card(window)
    expect(card.page.locator("#panel .status")).to_have_text("On the train")
    page.get_by_role("button", name="Take it away").click()
    expect(window.page.locator("#panel .status")).to_have_text("")
    expect(status).to_have_text("")


def open_card(window: Window) -> Window:
    """That of who posted the first message."""
    window.page.locator(".message a.author").first.click()
    expect(window.page.locator("#panel .card-panel")).to_be_visible()
    return window


def test_a_card_opens_over_the_room_and_gives_the_focus_back(
    open_window: OpenWindow, ana: Person, dora: Person, room: int
) -> None:
    message = dora.post(room, "one")
    dora.http.post("/me", data={"display_name": "Dora Prado", "about": "Ask me\nabout bread"})
    window = open_window(ana, room)
    window.draft.fill("half a sentence")
    link = window.message(message).locator(".author")
    link.focus()
    window.page.keyboard.press("Enter")
    panel = window.page.locator("#panel .card-panel")
    expect(panel).to_contain_text("about bread")
    expect(panel).to_contain_text(f"@{dora.username}")
    expect(panel.get_by_role("heading", name="Dora Prado")).to_be_focused()
    assert window.page.url.endswith(f"/rooms/{room}")
    expect(window.draft).to_have_value("half a sentence")
    window.page.locator("#panel summary").focus()
    window.page.keyboard.press("Enter")
    expect(panel).to_be_hidden()
    expect(window.message(message).locator(".author")).to_be_focused()


def test_a_card_opens_in_the_list_of_who_is_here_and_on_the_members_page(
    open_window: OpenWindow, ana: Person, dora: Person, room: int
) -> None:
    open_window(dora, room)
    window = open_window(ana, room)
    page = window.page
    page.get_by_role("button", name="Here now").click()
    page.locator(f"#h{dora.id}").click()
    expect(page.locator("#person .card-panel")).to_contain_text(f"@{dora.username}")
    expect(page.locator("#people")).to_be_visible()
    page.locator("#person summary").click()
    expect(page.locator("#person .card-panel")).to_be_hidden()
    expect(page.locator(f"#h{dora.id}")).to_be_focused()
    page.goto(f"{window.url}/rooms/{room}/members")
    page.locator(f"#p{dora.id}").click()
    expect(page.locator("#panel .card-panel")).to_contain_text(f"@{dora.username}")
    assert page.url.endswith("/members")


def test_a_new_password_takes_the_other_window_to_the_door(
    open_window: OpenWindow, dora: Person, room: int, problems: Problems
) -> None:
    problems.expect("status of 401")
    elsewhere = Person(dora.url, dora.username, dora.name).sign_in()
    other = open_window(elsewhere, room)
    page = mine(open_window(dora))
    page.get_by_label("Your password now").fill(PASSWORD)
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("status")).to_contain_text("signed out everywhere else")
    other.page.wait_for_url("**/login?reason=signed-out&next=/rooms/*")


def test_a_device_is_ended_from_another(open_window: OpenWindow, dora: Person, room: int, problems: Problems) -> None:
    problems.expect("status of 401")
    elsewhere = Person(dora.url, dora.username, dora.name).sign_in()
    other = open_window(elsewhere, room)
    page = open_window(dora).page
    page.goto(f"{dora.url}/me/devices")
    page.get_by_role("button", name="Sign out python-httpx").click()
    expect(page.get_by_role("status")).to_have_text("That device is signed out.")
    expect(page.locator(".devices li")).to_have_count(1)
    other.page.wait_for_url("**/login?reason=signed-out&next=/rooms/*")


@pytest.mark.chromium("axe is asked once")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_new_pages_are_accessible_and_fit(
    open_window: OpenWindow, ana: Person, dora: Person, room: int, scheme: str, width: int, problems: Problems
) -> None:
    problems.expect("status of 4")
    dora.post(room, "one")
    dora.http.post("/me", data={"display_name": "Dora Prado", "about": "Ask me\n" + "about bread " * 20})
    dora.http.post("/me/status", data={"status": "On the train to somewhere far away", "lasting": "today"})
    ana.http.post(f"/admin/people/{dora.id}/reset")
    window = open_window(
        ana, bypass_csp=True, reduced_motion="reduce", color_scheme=scheme, viewport={"width": width, "height": 740}
    )
    page = window.page
    page.goto(f"{ana.url}/admin/people?q={dora.username}")
    reset = page.get_by_role("textbox", name="Reset link for").input_value()
    for path in ("/me", "/me/devices", "/me?done=password", f"/people/{dora.id}", f"/people/{ana.id}", "/admin/people",
                 reset.removeprefix(ana.url), "/reset/x"):  # fmt: skip
        page.goto(f"{ana.url}{path}")
        is_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.goto(f"{ana.url}/me")
    page.get_by_label("Time zone").fill("Moon")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("not a time zone")).to_be_visible()
    is_accessible(page)
    window.open(room)
    open_card(window)
    is_accessible(page)
    page.locator("#panel summary").click()
    page.get_by_role("button", name="Here now").click()
    page.locator("#here a").first.click()
    expect(page.locator("#person .card-panel")).to_be_visible()
    is_accessible(page)


@pytest.mark.chromium("Firefox's driver cannot turn scripts off")
def test_all_of_it_works_without_javascript(open_window: OpenWindow, ana: Person, dora: Person, room: int) -> None:
    dora.post(room, "one")
    page = open_window(dora, java_script_enabled=False, viewport=PHONE).page
    page.goto(f"{dora.url}/rooms")
    page.get_by_role("link", name="Dora Prado").click()
    page.get_by_label("Your name").fill("")
    page.get_by_label("Your name").evaluate("field => field.removeAttribute('required')")
    page.get_by_label("About you").fill("kept")
    rename(page, "Dora Velha")
    page.get_by_label("What others see").fill("Away")
    page.get_by_role("button", name="Set status").click()
    expect(page.get_by_role("status")).to_contain_text("Your status is set")
    page.goto(f"{dora.url}/rooms/{room}")
    page.locator(".message").get_by_role("link", name="Dora Velha", exact=True).click()
    expect(page).to_have_url(f"{dora.url}/people/{dora.id}")
    expect(page.get_by_text("Away")).to_be_visible()
    expect(page.get_by_text("kept")).to_be_visible()
    page.get_by_role("link", name="Change what others see").click()
    page.get_by_role("link", name="Show your devices").click()
    page.get_by_role("button", name="Sign out here").click()
    page.wait_for_url("**/login")
