"""Everything that matters works without JavaScript: forms, links, pages."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenWindow
from tests.browser.windows import Problems
from tests.people import PASSWORD, Person

TEXTS = ".message .body"


def shown(page: Page) -> list[str]:
    return page.locator(TEXTS).all_text_contents()


def test_sign_in_read_post_and_page_through_history(
    open_window: OpenWindow, ana: Person, bea: Person, room: int, problems: Problems
) -> None:
    problems.expect("status of 401")
    texts = [f"number {number}" for number in range(120)]
    for text in texts:
        ana.post(room, text)
    window = open_window(java_script_enabled=False)
    page = window.page
    page.goto(f"{window.url}/rooms/{room}")
    page.wait_for_url("**/login?next=**")
    page.get_by_label("Username").fill(bea.username)
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not fit together")
    expect(page.get_by_label("Username")).to_have_value(bea.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**/rooms/{room}")
    assert shown(page) == texts[-50:]

    page.get_by_label("Message", exact=True).fill("from an old browser")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url(f"**/rooms/{room}")
    texts.append("from an old browser")
    assert shown(page) == texts[-50:]
    expect(page.get_by_label("Message", exact=True)).to_have_value("")

    pages = [shown(page)]
    while page.locator("#older a").count():
        page.locator("#older a").click()
        page.wait_for_url("**/messages?before=*")
        pages.insert(0, shown(page))
    assert [text for each in pages for text in each] == texts
    back = shown(page)
    while page.locator("#newer a").count():
        page.locator("#newer a").click()
        page.wait_for_url("**/messages?after=*")
        back += shown(page)
    assert back == texts

    ana.post(room, "meanwhile")
    page.goto(f"{window.url}/rooms/{room}")
    page.get_by_role("link", name="Look for new messages").click()
    assert shown(page)[-2:] == ["from an old browser", "meanwhile"]


def test_edit_delete_and_what_is_refused(open_window: OpenWindow, bea: Person, room: int, problems: Problems) -> None:
    problems.expect("status of 422")
    message = bea.post(room, "frist")
    window = open_window(bea, java_script_enabled=False)
    page = window.page
    page.goto(f"{window.url}/rooms/{room}")
    page.locator(f"#message-{message} a.menu").click()
    page.wait_for_url(f"**/messages/{message}")
    page.get_by_label("Edit your message").fill("first")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(f"**/rooms/{room}?around=*")
    assert shown(page) == ["first"]
    expect(page.locator(".edited")).to_have_text("edited")

    page.get_by_label("Message", exact=True).fill("x" * 8001)
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".draft-state")).to_contain_text("at most 8,000 characters")
    expect(page.get_by_label("Message", exact=True)).to_have_value("x" * 8001)
    page.get_by_label("Message", exact=True).fill("shorter")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url(f"**/rooms/{room}")
    assert shown(page) == ["first", "shorter"]

    page.locator(f"#message-{message} a.menu").click()
    page.get_by_role("link", name="Delete message").click()
    expect(page.locator(".excerpt")).to_have_text("first")
    page.get_by_role("button", name="Delete it").click()
    page.wait_for_url(f"**/rooms/{room}")
    assert shown(page) == ["shorter"]


def test_signing_out(open_window: OpenWindow, ana: Person, room: int) -> None:
    window = open_window(java_script_enabled=False)
    page = window.page
    page.goto(f"{window.url}/login")
    page.get_by_label("Username").fill(ana.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/rooms/*")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")
    page.goto(f"{window.url}/rooms/{room}")
    page.wait_for_url("**/login?next=**")
