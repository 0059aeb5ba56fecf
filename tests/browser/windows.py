"""A browser window on a room: what a person sees in it and does with it."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Locator, Page, expect

from tests.pages import Log, Shown
from tests.people import DEADLINE, Person

T = TypeVar("T")
MILLISECONDS = 1000
expect.set_options(timeout=DEADLINE * MILLISECONDS)

READ_LOG = """() => [...document.querySelectorAll('#log .message')].map(message =>
    [message.id, message.querySelector('.body').textContent, message.dataset.revision])"""
REPORT_VIOLATIONS = """addEventListener('securitypolicyviolation', event => console.error(
    `violation: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`))"""
CUT_OFF = (
    r"net::ERR_(CONNECTION_\w+|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED|NETWORK_CHANGED|CONTENT_LENGTH_MISMATCH)",
    r"WebSocket connection to .* failed",
    r"htmx:error: Failed to fetch",
    r"htmx:ws:error: \[object Event\]",
    r"Firefox can.t establish a connection",
    r"The connection to ws.* was interrupted",
)


LEFT = (
    r"htmx:error: NetworkError when attempting",
    r"WebSocket is closed before the connection is established",
    r"htmx:ws:error: Connection not open",
)
"""What Firefox says of a request, and Chromium of a socket, that was on its way when its page was left; and htmx when a
socket ended for good within the seconds that it keeps the last sign of typing."""


class Problems:
    """What pages complained about: errors and warnings, violations of the policy, answers of 500 and above."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.expected: list[str] = list(LEFT)

    def expect(self, *patterns: str) -> None:
        """Complaints that belong to what this test does."""
        self.expected.extend(patterns)

    def expect_disconnections(self) -> None:
        self.expect(*CUT_OFF)

    @property
    def unexpected(self) -> list[str]:
        return [each for each in self.seen if not any(re.search(pattern, each) for pattern in self.expected)]

    def watch(self, context: BrowserContext) -> None:
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.seen.append(f"uncaught: {error.error}"))
        context.on(
            "response",
            lambda response: self.seen.append(f"{response.status} {response.url}") if response.status >= 500 else None,
        )

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning", "assert"):
            self.seen.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")


class Window:
    """One window of one person. `url` is where this browser finds the server: itself, or the end of a wire."""

    def __init__(self, page: Page, person: Person | None, url: str) -> None:
        self.page = page
        self.person = person
        self.url = url

    def open(self, room: int, query: str = "") -> "Window":
        """The room's page, its socket connected."""
        self.page.goto(f"{self.url}/rooms/{room}{query}")
        self.is_live()
        return self

    def is_live(self) -> None:
        """The room's socket has told who is here, which it does when this page is in the feed."""
        expect(self.page.locator("#here li").first).to_be_attached()

    @contextmanager
    def coming_back(self) -> Iterator[None]:
        """The block takes its socket away and gives it back; it is live again when this returns."""
        self.page.locator("#here").evaluate("here => here.replaceChildren()")
        yield
        self.is_live()

    # -- what it shows

    @property
    def log(self) -> dict[int, Shown]:
        """The messages by id. Fails when one stands there twice."""
        found = self.page.evaluate(READ_LOG)
        ids = [int(item.removeprefix("message-")) for item, _, _ in found]
        assert len(ids) == len(set(ids)), f"shown twice: {ids}"
        return {number: Shown(text, int(revision)) for number, (_, text, revision) in zip(ids, found, strict=True)}

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.log.values()]

    def shows(self, log: Log) -> None:
        """The same messages in the same order and state, each once, as soon as they have come."""
        self.comes_to(lambda: list(self.log.items()), list(log.messages.items()))

    def says(self, *texts: str) -> None:
        """These messages and no others, as soon as they have come."""
        self.comes_to(lambda: self.texts, list(texts))

    def comes_to(self, question: Callable[[], T], answer: T) -> None:
        """Ask until it is so; on the way it may be anything else."""
        self.until(lambda: question() == answer, lambda: self._differs(question(), answer))

    def until(self, condition: Callable[[], bool], complaint: Callable[[], str] = str) -> None:
        for _ in range(int(DEADLINE * MILLISECONDS / 40)):
            try:
                if condition():
                    return
            except Error as error:
                if "navigation" not in str(error):
                    raise  # else the page was exchanged while it was asked
            self.page.wait_for_timeout(40)
        raise AssertionError(complaint() or "it did not come to that")

    @staticmethod
    def _differs(found: Any, wanted: Any) -> str:
        if isinstance(found, list) and isinstance(wanted, list):
            missing = [each for each in wanted if each not in found]
            extra = [each for each in found if each not in wanted]
            return (
                f"{len(found)} instead of {len(wanted)}; missing {missing[:5]}, too much {extra[:5]}, or another order"
            )
        return f"found {found!r} instead of {wanted!r}"

    def message(self, number: int) -> Locator:
        return self.page.locator(f"#message-{number}")

    @property
    def cursor(self) -> int:
        return int(self.page.locator("#cursor").input_value())

    # -- the composer

    @property
    def drafts(self) -> Locator:
        """The textareas of the outbox, the blank one first; not those that wait for their turn."""
        return self.page.locator("#drafts textarea:enabled")

    @property
    def draft(self) -> Locator:
        """Where one writes."""
        return self.drafts.first

    @property
    def unsent(self) -> list[str]:
        """What is still in the composer, newest first."""
        return [text for text in self.drafts.evaluate_all("drafts => drafts.map(each => each.value)") if text]

    def write(self, text: str) -> None:
        """Type and press Enter; the blank draft has taken its place when this returns."""
        self.draft.fill(text)
        self.send()

    def send(self) -> None:
        before = self.draft.element_handle()
        assert before is not None
        self.draft.press("Enter")
        self.until(lambda: not self._is_first(before), lambda: "no blank draft came")

    def _is_first(self, draft: Any) -> bool:
        try:
            return bool(draft.evaluate("draft => draft === document.querySelector('#drafts textarea:enabled')"))
        except Error:
            return False

    # -- actions on a message

    def act_on(self, number: int) -> Locator:
        """Open the panel of a message's actions by its menu."""
        self.message(number).hover()
        self.message(number).locator("a.menu").click()
        panel = self.page.locator("#panel .actions-panel")
        expect(panel).to_be_visible()
        return panel

    def delete(self, number: int) -> None:
        """By the menu, and then by what it asks."""
        panel = self.act_on(number)
        panel.get_by_role("link", name="Delete message").click()
        panel.get_by_role("button", name="Delete it").click()
