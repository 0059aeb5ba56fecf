"""What an admin does in the first hour: an invitation made, copied and used, with nothing but the page."""

from playwright.sync_api import expect

from tests.browser.conftest import OpenWindow
from tests.people import Person

ENGINES = ["chromium", "firefox"]


def test_an_invitation_is_copied_by_a_click_or_by_the_keyboard(open_window: OpenWindow, ana: Person) -> None:
    """Without a script: what was copied is pasted into a field of the same page."""
    older, newer = (f"{ana.url}{ana.invite()}" for _ in range(2))
    for options in ({}, {"java_script_enabled": False}, {"viewport": {"width": 360, "height": 740}}):
        page = open_window(ana, **options).page
        page.bring_to_front()
        page.goto(f"{ana.url}/admin/invitations")
        fields = page.get_by_label("Invitation link")
        expect(fields.first).to_have_value(newer)
        expect(fields.nth(1)).to_have_value(older)
        paste = page.get_by_label("How many people may use it")
        paste.evaluate("field => field.type = 'text'")

        page.locator(".link").first.click()
        page.keyboard.press("Control+c")
        paste.fill("")
        page.keyboard.press("Control+v")
        expect(paste).to_have_value(newer)

        page.get_by_role("button", name="Revoke").first.focus()
        page.keyboard.press("Tab")
        expect(fields.nth(1)).to_be_focused()
        page.keyboard.press("Control+c")
        paste.fill("")
        page.keyboard.press("Control+v")
        expect(paste).to_have_value(older)
