"""Direct rooms without JavaScript from start to finish, and what axe says of their pages."""

import secrets

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenWindow
from tests.browser.test_accessibility import is_accessible
from tests.browser.windows import Problems
from tests.people import Person, newcomer

PHONE = {"width": 360, "height": 740}


@pytest.fixture
def dora(ana: Person) -> Person:
    return newcomer(ana, f"Dora{secrets.token_hex(3)}")


@pytest.fixture
def emil(ana: Person) -> Person:
    return newcomer(ana, f"Emil{secrets.token_hex(3)}")


def test_without_javascript(
    open_window: OpenWindow, ana: Person, dora: Person, emil: Person, problems: Problems
) -> None:
    problems.expect("status of 403")
    window = open_window(ana, java_script_enabled=False, viewport=PHONE)
    page = window.page
    page.goto(f"{ana.url}/rooms")
    page.get_by_role("link", name="Direct messages").click()
    page.get_by_label("Find somebody").fill(dora.name)
    page.get_by_role("button", name="Find").click()
    page.get_by_role("checkbox", name=dora.name).check()
    page.get_by_label("Find somebody").fill(emil.name)
    page.keyboard.press("Enter")
    expect(page.get_by_role("checkbox", name=dora.name)).to_be_checked()
    page.get_by_role("checkbox", name=emil.name).check()
    page.get_by_role("button", name="Open the room").click()
    direct = number_in(page.url)
    page.get_by_label("Message", exact=True).fill("hello both")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".message .body")).to_have_text("hello both")
    page.goto(f"{ana.url}/direct/{direct}/leave")
    page.get_by_role("button", name="Leave this room").click()
    page.wait_for_url("**/rooms")
    expect(page.locator("#directs")).not_to_contain_text(emil.name)

    page.goto(f"{ana.url}/people/{dora.id}")
    page.get_by_role("button", name="Message").click()
    two = number_in(page.url)
    page.get_by_label("Message", exact=True).fill("hello")
    page.get_by_role("button", name="Send").click()
    page.goto(f"{ana.url}/people/{dora.id}")
    page.get_by_role("button", name="Block").click()
    expect(page.get_by_role("button", name="Unblock")).to_be_visible()
    hers = open_window(dora, java_script_enabled=False).page
    hers.goto(f"{dora.url}/rooms")
    hers.locator("#directs a").filter(has_text="Ana").first.click()
    hers.goto(f"{dora.url}/rooms/{two}")
    hers.get_by_label("Message", exact=True).fill("can you read this?")
    hers.get_by_role("button", name="Send").click()
    expect(hers.get_by_text("takes no direct messages from you")).to_be_visible()
    expect(hers.get_by_label("Message", exact=True)).to_have_value("can you read this?")
    page.goto(f"{ana.url}/me")
    page.get_by_role("button", name=f"Unblock {dora.name}").click()
    page.wait_for_url("**/me#blocked")
    hers.get_by_role("button", name="Send").click()
    expect(hers.locator(".message .body").last).to_have_text("can you read this?")
    page.goto(f"{ana.url}/rooms/{two}/members")
    page.get_by_role("button", name="Hide this room").click()
    page.wait_for_url("**/rooms")
    expect(page.locator("#directs")).not_to_contain_text(dora.name)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_pages_are_accessible_and_fit(
    open_window: OpenWindow, ana: Person, dora: Person, emil: Person, scheme: str, width: int, problems: Problems
) -> None:
    problems.expect("status of 4")
    two, three, empty = ana.direct(dora), ana.direct(dora, emil), ana.direct(newcomer(ana, "Somebody of a long name"))
    message = dora.post(two, "hello")
    dora.post(three, "hello both")
    ana.http.post(f"/people/{dora.id}/block")
    window = open_window(
        ana, bypass_csp=True, reduced_motion="reduce", color_scheme=scheme, viewport={"width": width, "height": 740}
    )
    page = window.page
    for path in (
        "/rooms", "/direct", f"/direct?q=nobody-here&username={dora.username}", f"/people/{dora.id}",
        f"/people/{ana.id}", f"/rooms/{two}", f"/rooms/{three}", f"/rooms/{empty}", f"/rooms/{three}/members",
        f"/direct/{three}/leave", f"/messages/{message}", "/me#blocked",
    ):  # fmt: skip
        page.goto(f"{ana.url}{path}")
        page.wait_for_timeout(100)
        is_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.goto(f"{ana.url}/direct")
    page.get_by_role("button", name="Open the room").click()
    expect(page.get_by_role("alert").filter(has_text="Choose somebody")).to_be_visible()
    is_accessible(page)
    window.open(two)
    page.locator(f"#t{dora.id}").click()
    expect(page.locator("#panel .card-panel")).to_be_visible()
    is_accessible(page)
    ana.http.post(f"/people/{dora.id}/unblock")


def number_in(url: str) -> int:
    return int(url.rpartition("/rooms/")[2])
