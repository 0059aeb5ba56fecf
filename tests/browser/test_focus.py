"""Where the keyboard is after a panel has closed: where it was before."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenWindow
from tests.browser.windows import Window
from tests.people import Person

ENGINES = ["chromium", "firefox"]


def opened_by_keyboard(window: Window, message: int) -> None:
    window.page.bring_to_front()
    window.message(message).locator(".menu").focus()
    window.page.keyboard.press("Enter")
    expect(window.page.locator("#panel .actions-panel")).to_be_visible()


def test_closing_by_the_keyboard_gives_the_focus_back(
    open_window: OpenWindow, ana: Person, bea: Person, room: int
) -> None:
    mine, hers = ana.post(room, "mine"), bea.post(room, "hers")
    window = open_window(ana, room)
    for message in (mine, hers, mine):
        opened_by_keyboard(window, message)
        window.page.locator("#panel summary").focus()
        window.page.keyboard.press("Enter")
        expect(window.page.locator("#panel .actions-panel")).to_be_hidden()
        expect(window.message(message).locator(".menu")).to_be_focused()


def test_saving_gives_the_focus_back_though_the_message_is_replaced(
    open_window: OpenWindow, ana: Person, room: int
) -> None:
    message = ana.post(room, "frist")
    window = open_window(ana, room)
    opened_by_keyboard(window, message)
    field = window.page.get_by_label("Edit your message")
    expect(field).to_be_focused()
    field.fill("first")
    window.page.keyboard.press("Tab")
    window.page.keyboard.press("Enter")
    window.says("first")
    expect(window.page.locator("#panel .actions-panel")).to_have_count(0)
    expect(window.message(message).locator(".menu")).to_be_focused()
    ana.edit(message, "first and last")
    window.says("first and last")
    expect(window.message(message).locator(".menu")).to_be_focused()


@pytest.mark.parametrize("deleted", [True, False])
def test_a_deletion_is_asked_for_by_the_keyboard_too(
    open_window: OpenWindow, ana: Person, room: int, deleted: bool
) -> None:
    message = ana.post(room, "mine")
    window = open_window(ana, room)
    opened_by_keyboard(window, message)
    page = window.page
    page.get_by_role("link", name="Delete message").focus()
    page.keyboard.press("Enter")
    keep = page.get_by_role("link", name="Keep it")
    expect(keep).to_be_focused()
    window.says("mine")
    if deleted:
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        window.says()
        expect(page.locator("#panel .actions-panel")).to_have_count(0)
    else:
        page.keyboard.press("Enter")
        expect(page.get_by_label("Edit your message")).to_be_focused()
        page.locator("#panel summary").focus()
        page.keyboard.press("Enter")
        expect(window.message(message).locator(".menu")).to_be_focused()
        window.says("mine")
