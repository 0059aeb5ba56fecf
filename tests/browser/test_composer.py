"""The outbox: what is typed is kept until the server has it, and then it is there once."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenWindow
from tests.browser.windows import Problems, Window
from tests.people import Person
from tests.servers import Wire

ENGINES = ["chromium", "firefox"]
PRESS_ENTER = """(draft, composing) => draft.dispatchEvent(
    new KeyboardEvent('keydown', {key: 'Enter', isComposing: composing, bubbles: true, cancelable: true}))"""


@contextmanager
def posts_held(page: Page) -> Iterator[list[Route]]:
    """Posts wait on their way to the server until the end of the block; those that came so far."""
    held: list[Route] = []
    holding = True

    def handle(route: Route) -> None:
        if holding and route.request.method == "POST":
            held.append(route)
        else:
            route.continue_()

    page.route("**/messages", handle)
    yield held
    holding = False
    for route in held:
        route.continue_()


def test_enter_sends_and_shift_enter_breaks_the_line(open_window: OpenWindow, ana: Person, room: int) -> None:
    window = open_window(ana, room)
    expect(window.draft).to_be_focused()
    window.page.keyboard.type("one")
    window.page.keyboard.press("Shift+Enter")
    window.page.keyboard.type("two")
    expect(window.draft).to_have_value("one\ntwo")
    window.send()
    window.says("one\ntwo")
    expect(window.drafts).to_have_count(1)
    expect(window.draft).to_have_value("")
    expect(window.draft).to_be_focused()


def test_the_enter_that_ends_a_composition_does_not_send(open_window: OpenWindow, ana: Person, room: int) -> None:
    window = open_window(ana, room)
    window.draft.fill("にほん")
    goes_on = window.draft.evaluate(PRESS_ENTER, True)
    assert goes_on, "the input method was not given its Enter"
    expect(window.draft).to_have_value("にほん")
    window.draft.fill("日本")
    goes_on = window.draft.evaluate(PRESS_ENTER, False)
    assert not goes_on, "an ordinary Enter would break the line"
    window.says("日本")


def test_typing_ahead_while_a_post_is_on_its_way_loses_nothing(
    open_window: OpenWindow, ana: Person, bea: Person, room: int
) -> None:
    window, other = open_window(ana, room), open_window(bea, room)
    with posts_held(window.page) as held:
        window.write("one")
        window.until(lambda: len(held) == 1)
        window.write("two")
        window.write("three")
        window.page.keyboard.type("fo")
        assert window.unsent == ["fo", "three", "two", "one"]
    window.says("one", "two", "three")
    window.comes_to(lambda: window.unsent, ["fo"])
    window.page.keyboard.type("ur")
    expect(window.draft).to_have_value("four")
    window.send()
    for each in (window, other):
        each.says("one", "two", "three", "four")
    expect(window.drafts).to_have_count(1)


def test_what_could_not_be_sent_stays_and_goes_with_the_next(
    open_window: OpenWindow, ana: Person, bea: Person, room: int, wire: Wire
) -> None:
    window, other = open_window(ana, room, wire.url), open_window(bea, room)
    wire.cut()
    window.write("into the void")
    window.page.keyboard.type("and more")
    assert window.unsent == ["and more", "into the void"]
    expect(window.drafts.last).to_be_visible()
    wire.restore()
    window.page.keyboard.press("Enter")
    for each in (window, other):
        each.says("into the void", "and more")
    expect(window.drafts).to_have_count(1)
    window.page.bring_to_front()  # Firefox gives the focus to one window at a time
    expect(window.draft).to_be_focused()


def test_case_54_a_post_that_the_network_refuses_goes_by_itself_once(
    open_window: OpenWindow, ana: Person, bea: Person, room: int, wire: Wire
) -> None:
    window, other = open_window(ana, room, wire.url), open_window(bea, room)
    banner = window.page.locator("#heartbeat")
    with window.coming_back():
        wire.cut()
        window.write("into the void")
        window.comes_to(lambda: says_not_sent(window), True)
        expect(banner).to_be_visible(timeout=5000)  # the heartbeat's own silence takes it 25 s
        wire.restore()
    for each in (other, window):
        each.says("into the void")
    window.comes_to(lambda: window.unsent, [])
    expect(banner).to_be_hidden()
    assert ana.history(room).texts == ["into the void"]


def test_case_52_what_one_person_wrote_is_not_posted_under_anothers_name(
    open_window: OpenWindow, ana: Person, bea: Person, room: int, problems: Problems
) -> None:
    """Somebody signs in in another tab of the browser; the page of whoever was there before is still open."""
    problems.expect("status of 403", "status of 401")
    window, other = open_window(ana, room), open_window(bea, room)
    window.draft.fill("from Ana")
    window.page.context.add_cookies(
        [{"name": each.name, "value": each.value or "", "url": window.url} for each in bea.http.cookies.jar]
    )
    window.send()
    expect(window.page.locator("#drafts").get_by_role("alert")).to_contain_text("You are signed in as Bea now")
    assert window.unsent == ["from Ana"]
    bea.post(room, "from Bea")
    other.says("from Bea")


def says_not_sent(window: Window) -> bool:
    return "Not sent yet" in window.drafts.last.evaluate(
        "draft => getComputedStyle(draft.closest('.draft'), '::before').content"
    )


def test_pressing_enter_again_and_again_while_the_server_is_away(
    open_window: OpenWindow, ana: Person, bea: Person, room: int, wire: Wire
) -> None:
    window, other = open_window(ana, room, wire.url), open_window(bea, room)
    with window.coming_back():
        wire.cut()
        window.write("one")
        window.page.keyboard.type("two")
        for _ in range(3):
            window.page.keyboard.press("Enter")
        expect(window.draft).to_have_value("")
        window.comes_to(lambda: window.unsent, ["two", "one"])
        wire.restore()
    for each in (window, other):
        each.says("one", "two")
    expect(window.drafts).to_have_count(1)
    expect(window.draft).to_have_value("")
    window.write("three")
    for each in (window, other):
        each.says("one", "two", "three")


def test_what_is_typed_while_an_older_draft_is_sent_again_is_kept(
    open_window: OpenWindow, ana: Person, room: int, wire: Wire
) -> None:
    """Each Enter sends the blank draft, too; when it has been written in meanwhile it must not go with the others."""
    window = open_window(ana, room, wire.url)
    with posts_held(window.page) as held:
        window.write("one")
        window.until(lambda: len(held) == 1)
        window.drafts.last.press("Enter")
        expect(window.drafts).to_have_count(2)
        window.draft.fill("two")
    window.says("one")
    window.comes_to(lambda: window.unsent, ["two"])
    window.draft.press("Enter")
    window.says("one", "two")
    expect(window.drafts).to_have_count(1)


def test_what_is_refused_says_why_and_can_be_corrected(
    open_window: OpenWindow, ana: Person, room: int, problems: Problems
) -> None:
    problems.expect("status of 422")
    window = open_window(ana, room)
    window.write("x" * 8001)
    expect(window.page.locator("#drafts").get_by_role("alert")).to_contain_text("at most 8,000 characters")
    assert window.unsent == ["x" * 8001]
    window.write("meanwhile")
    window.says("meanwhile")
    refused = window.drafts.last
    refused.fill("short enough")
    refused.press("Enter")
    window.says("meanwhile", "short enough")
    expect(window.drafts).to_have_count(1)
    expect(window.page.locator("#drafts").get_by_role("alert")).to_have_count(0)


def test_a_double_click_posts_once(open_window: OpenWindow, ana: Person, bea: Person, room: int) -> None:
    window, other = open_window(ana, room), open_window(bea, room)
    window.draft.fill("once")
    window.page.get_by_role("button", name="Send").dblclick()
    other.says("once")
    ana.post(room, "the end")
    for each in (window, other):
        each.says("once", "the end")
    expect(window.drafts).to_have_count(1)


def test_enter_in_an_empty_composer_sends_nothing(
    open_window: OpenWindow, ana: Person, room: int, problems: Problems
) -> None:
    problems.expect("status of 422")
    window = open_window(ana, room)
    window.draft.press("Enter")
    window.write("   \n ")
    window.write("something")
    window.says("something")
    expect(window.drafts).to_have_count(1)
    expect(window.draft).to_have_value("")
