"""axe-core finds nothing serious on the main pages, by day and by night, at a desk and on a phone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenWindow
from tests.browser.windows import Problems
from tests.people import Person, newcomer
from tests.servers import Server

AXE = Path(__file__).with_name("vendor") / "axe.min.js"
RUN = "() => axe.run(document, {resultTypes: ['violations']})"
GRAVE = ("serious", "critical")
FLAT = ".message { background: var(--tone, transparent) !important }"
"""The same colours without the gradient, behind which axe cannot measure a contrast."""

DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
LOOKS: list[dict[str, Any]] = [
    {"color_scheme": "light", "viewport": DESK},
    {"color_scheme": "dark", "viewport": DESK},
    {"color_scheme": "dark", "viewport": PHONE},
]
BODIES = (
    "# no heading, but *stress*, **weight** and `code`",
    "> what somebody said\n\nand a https://example.org/link to it",
    "- one\n- two\n\n1. first\n2. second",
    "```python\ndef greet(name: str) -> str:  # a comment\n    return f'hello {name}' + str(42)\n```",
)


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look['color_scheme']}-{look['viewport']['width']}")
def page(request: pytest.FixtureRequest, open_window: OpenWindow, ana: Person) -> Iterator[Page]:
    yield open_window(ana, bypass_csp=True, reduced_motion="reduce", **request.param).page


def is_accessible(page: Page) -> None:
    if not page.evaluate("() => 'axe' in window"):
        page.add_script_tag(path=AXE)
        page.add_style_tag(content=FLAT)
    found = [each for each in page.evaluate(RUN)["violations"] if each["impact"] in GRAVE]
    assert not found, f"{page.url}\n" + "\n".join(map(told, found))


def told(violation: dict[str, Any]) -> str:
    nodes = "\n".join(f"    {node['html'][:200]}\n    {node['failureSummary']}" for node in violation["nodes"][:4])
    return f"{violation['impact']}: {violation['help']} ({len(violation['nodes'])} times)\n{nodes}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_first_run(server: Server, open_window: OpenWindow, scheme: str) -> None:
    page = open_window(bypass_csp=True, color_scheme=scheme).page
    page.goto(f"{server.url}/setup")
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome to Tertulia")
    is_accessible(page)


def test_the_doors(page: Page, ana: Person, problems: Problems) -> None:
    problems.expect("status of 40[14]")
    page.goto(f"{ana.url}{ana.invite()}")
    is_accessible(page)
    page.context.clear_cookies()
    page.goto(f"{ana.url}/login")
    is_accessible(page)
    page.get_by_label("Username").fill("nobody")
    page.get_by_label("Password").fill("nothing at all")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    is_accessible(page)
    page.goto(f"{ana.url}/nothing")
    is_accessible(page)


def test_a_room(page: Page, ana: Person, bea: Person, room: int) -> None:
    page.goto(f"{ana.url}/rooms/{room}")
    expect(page.locator("#here li").first).to_be_attached()
    is_accessible(page)
    for body in BODIES:
        bea.post(room, body)
    last = ana.post(room, "of my own")
    ana.edit(last, "of my own, edited")
    page.goto(f"{ana.url}/rooms/{room}?around={last}#message-{last}")
    expect(page.locator(".edited")).to_be_visible()
    expect(page.locator("#here li").first).to_be_attached()
    is_accessible(page)


def test_what_opens_in_a_room(page: Page, ana: Person, room: int, problems: Problems) -> None:
    problems.expect("status of 422")
    message = ana.post(room, "of my own")
    page.goto(f"{ana.url}/rooms/{room}")
    expect(page.locator("#here li").first).to_be_attached()
    page.get_by_role("button", name="Here now").click()
    expect(page.locator("#people")).to_be_visible()
    is_accessible(page)
    page.keyboard.press("Escape")
    page.locator("#drafts textarea:enabled").first.fill("x" * 8001)
    page.keyboard.press("Enter")
    expect(page.locator("#drafts").get_by_role("alert")).to_be_visible()
    is_accessible(page)
    page.locator(f"#message-{message}").hover()
    page.locator(f"#message-{message} a.menu").click()
    expect(page.locator("#panel .actions-panel")).to_be_visible()
    is_accessible(page)


def test_reactions(page: Page, ana: Person, bea: Person, room: int) -> None:
    message = ana.post(room, "of my own")
    for person in (ana, bea):
        for emoji in ("👍", "🐧"):
            person.http.post(f"/messages/{message}/reactions", data={"emoji": emoji})
    bea.http.post(f"/messages/{message}/reactions", data={"emoji": "🚀"})
    page.goto(f"{ana.url}/rooms/{room}")
    expect(page.locator("#here li").first).to_be_attached()
    page.get_by_role("button", name="thumbs up").focus()
    expect(page.locator(".reaction:focus .who")).to_be_visible()
    is_accessible(page)
    page.locator(f"#m{message}").click()
    expect(page.locator(".reacted")).to_be_visible()
    is_accessible(page)
    page.get_by_role("link", name="All emoji").click()
    expect(page.locator("#emoji-found")).to_be_visible()
    is_accessible(page)
    page.goto(f"{ana.url}/messages/{message}/emoji?q=heart")
    is_accessible(page)


def test_the_other_pages(page: Page, ana: Person, bea: Person, room: int) -> None:
    message = ana.post(room, "on a page of its own")
    guest = newcomer(ana, "Guest").make_room("Open to all", visibility="open")
    ana.invite()
    for path in (
        "/rooms",
        f"/rooms/{guest}",
        f"/rooms/{room}/members",
        f"/rooms/{room}/settings",
        f"/rooms/{room}/leave",
        f"/rooms/{room}/members/{bea.id}/remove",
        f"/messages/{message}",
        f"/messages/{message}/delete",
        "/admin/invitations",
        "/admin/settings",
        f"/people/{bea.id}",
    ):
        page.goto(f"{ana.url}{path}")
        is_accessible(page)
