"""Case 54: what the network refuses is marked at once, kept, and goes by itself, once, when the network is back."""

from playwright.sync_api import Page, Request, Route, expect

from tests.browser.conftest import OpenWindow
from tests.browser.windows import Problems, Window
from tests.people import Person
from tests.servers import Server, Wire

ENGINES = ["chromium", "firefox"]
SETTINGS = {"HEARTBEAT_SECONDS": "0.5"}
LABEL = "draft => getComputedStyle(draft.closest('fieldset'), '::before').content"
WITHIN = 5_000


def label(window: Window) -> str:
    """What stands above the oldest draft."""
    return str(window.drafts.last.evaluate(LABEL)).strip('"')


def posts_of(page: Page) -> list[Request]:
    """The posts from now on."""
    posts: list[Request] = []
    page.on("request", lambda each: posts.append(each) if each.method == "POST" and "/messages" in each.url else None)
    return posts


def test_case_54_what_is_refused_is_marked_at_once_and_goes_by_itself_all_in_one(
    open_window: OpenWindow, ana: Person, bea: Person, room: int, wire: Wire
) -> None:
    window, other = open_window(ana, room, wire.url), open_window(bea, room)
    window.page.bring_to_front()
    banner = window.page.locator("#heartbeat")
    expect(banner).to_be_hidden()
    with window.coming_back():
        wire.cut()
        window.write("refused")
        window.comes_to(lambda: label(window).startswith("Not sent yet"), True)
        expect(banner).to_be_visible(timeout=WITHIN)
        expect(banner).to_contain_text("Offline")
        window.write("and more")
        window.page.keyboard.type("half of")
        window.comes_to(lambda: window.unsent, ["half of", "and more", "refused"])
        posts = posts_of(window.page)
        wire.restore()
    for each in (window, other):
        each.says("refused", "and more")
    window.comes_to(lambda: window.unsent, ["half of"])
    expect(banner).to_be_hidden()
    assert len(posts) == 1, "all at once"
    window.page.keyboard.type(" it\n")
    for each in (window, other):
        each.says("refused", "and more", "half of it")


def test_what_an_answer_of_the_server_leaves_unsent_goes_by_itself_too(
    open_window: OpenWindow, ana: Person, room: int, problems: Problems
) -> None:
    """Though the socket has never gone, so that nothing tells that the server can be reached again."""
    problems.expect("503")
    window = open_window(ana)
    window.page.clock.install()
    window.open(room)
    busy: list[str] = []

    def refuse_once(route: Route) -> None:
        if route.request.method == "POST" and not busy:
            busy.append(route.request.url)
            route.fulfill(status=503, content_type="text/html", body="")
        else:
            route.continue_()

    window.page.route("**/messages", refuse_once)
    window.write("in a moment")
    window.comes_to(lambda: label(window).startswith("Not sent yet"), True)
    expect(window.page.locator("#settle.htmx-request")).to_have_count(0)
    window.page.clock.fast_forward("00:16")
    window.says("in a moment")
    window.comes_to(lambda: window.unsent, [])


def test_a_post_that_takes_too_long_is_given_up_and_shown_once(
    open_window: OpenWindow, server: Server, ana: Person, bea: Person, room: int, problems: Problems
) -> None:
    problems.expect_disconnections()
    problems.expect("htmx:error: (signal is aborted|timeout)")
    window, other = open_window(ana), open_window(bea, room)
    window.page.bring_to_front()
    window.page.clock.install()
    window.open(room)
    with window.page.expect_response("**/drafts"):
        window.write("before")
    window.comes_to(lambda: window.unsent, [])
    server.pause()
    try:
        window.write("slowly")
        window.comes_to(lambda: label(window), "Sending…")
        window.page.clock.fast_forward("00:11")
        window.comes_to(lambda: label(window).startswith("Not sent yet"), True)
    finally:
        server.resume()
    window.page.clock.fast_forward("00:16")
    window.comes_to(lambda: window.unsent, [])
    ana.post(room, "the end")
    for each in (window, other):
        each.says("before", "slowly", "the end")
    assert ana.page(room).texts == ["before", "slowly", "the end"]
