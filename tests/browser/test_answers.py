"""Answers to posts that come late, or never: each message is there once, and what is gone stays away."""

import pytest
from playwright.sync_api import APIResponse, Route, expect

from tests.browser.conftest import OpenWindow
from tests.browser.windows import Problems
from tests.people import Person
from tests.servers import Wire

ENGINES = ["chromium", "firefox"]


@pytest.mark.chromium("its driver fetches a held request without the body")
def test_a_post_whose_answer_is_lost_makes_one_message(
    open_window: OpenWindow, ana: Person, bea: Person, room: int, problems: Problems
) -> None:
    problems.expect("net::ERR_FAILED", "htmx:error: Failed to fetch")
    window, other = open_window(ana, room), open_window(bea, room)
    lost: list[int] = []

    def lose(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    window.page.route("**/messages", lose)
    window.write("once")
    other.says("once")
    window.comes_to(lambda: lost, [201])
    assert window.unsent == ["once"]
    window.write("twice")
    for each in (window, other):
        each.says("once", "twice")
    window.comes_to(lambda: window.unsent, [])
    expect(window.drafts).to_have_count(1)


ADDED = """() => { window.added = []; new MutationObserver(changes => changes.forEach(change =>
    change.addedNodes.forEach(node => window.added.push(node.id)))).observe(
    document.getElementById('messages'), {childList: true}) }"""


@pytest.mark.chromium("its driver fetches a held request without the body")
def test_a_late_answer_does_not_bring_back_what_is_gone_while_the_page_catches_up_again(
    open_window: OpenWindow, ana: Person, bea: Person, room: int
) -> None:
    """A page of the history leads the cursor back to where it was asked for, which is where the message was sent."""
    for number in range(60):
        ana.post(room, f"number {number}")
    window = open_window(bea)
    held: dict[str, tuple[Route, APIResponse]] = {}
    window.page.route("**/messages*", lambda route: held.update({route.request.method: (route, route.fetch())}))
    window.open(room)
    window.page.evaluate(ADDED)
    window.page.locator("#scroller").evaluate("each => each.scrollTo(0, -each.scrollHeight)")
    window.until(lambda: "GET" in held)
    window.write("said too soon")
    window.comes_to(lambda: window.texts[-1], "said too soon")
    window.until(lambda: "POST" in held)
    message = list(window.log)[-1]
    ana.delete(message)
    window.comes_to(lambda: window.texts[-1], "number 59")
    for method in ("GET", "POST"):
        route, response = held.pop(method)
        route.fulfill(response=response)
    window.comes_to(lambda: len(window.log), 60)
    window.comes_to(lambda: window.unsent, [])
    assert window.page.evaluate("window.added").count(f"message-{message}") == 1
    assert window.texts[-1] == "number 59"


@pytest.mark.chromium("its driver fetches a held request without the body")
def test_a_message_that_is_gone_before_the_answer_comes_stays_away(
    open_window: OpenWindow, ana: Person, bea: Person, room: int
) -> None:
    window = open_window(bea, room)
    answered: list[tuple[Route, APIResponse]] = []
    window.page.route("**/messages", lambda route: answered.append((route, route.fetch())), times=1)
    window.write("said too soon")
    window.says("said too soon")
    window.until(lambda: bool(answered))
    ana.delete(next(iter(window.log)))
    window.says()
    route, response = answered.pop()
    route.fulfill(response=response)
    expect(window.drafts).to_have_count(1)
    window.says()


def test_what_is_posted_is_seen_though_the_socket_is_away(
    open_window: OpenWindow, ana: Person, room: int, wire: Wire
) -> None:
    window = open_window(ana, room, wire.url)
    wire.stall_sockets()
    window.write("one")
    window.says("one")
    window.write("two")
    window.says("one", "two")
