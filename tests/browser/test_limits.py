"""Who posts very fast is slowed down, says the page, and loses nothing by it."""

from playwright.sync_api import expect

from tests.browser.conftest import OpenWindow
from tests.browser.windows import Problems
from tests.people import Person

SETTINGS = {"MAX_POSTS": "2", "MAX_POSTS_SECONDS": "4"}


def test_the_third_post_has_to_wait(
    open_window: OpenWindow, ana: Person, bea: Person, room: int, problems: Problems
) -> None:
    problems.expect("status of 429", "status of 422")
    window, other = open_window(ana, room), open_window(bea, room)
    for text in ("one", "two", "three"):
        window.write(text)
    expect(window.page.locator("#drafts").get_by_role("alert")).to_contain_text("Your text is kept")
    assert window.unsent == ["three"]
    other.write("I am not slowed down")
    window.says("one", "two", "I am not slowed down")

    def is_sent() -> bool:
        if window.unsent:
            window.draft.press("Enter")
            window.page.wait_for_timeout(500)
        return not window.unsent

    window.until(is_sent)
    for each in (window, other):
        each.says("one", "two", "I am not slowed down", "three")
