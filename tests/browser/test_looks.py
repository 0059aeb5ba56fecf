"""What a page looks like where browsers, people and screens differ: measured, not compared with a picture."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenWindow
from tests.browser.windows import Problems, Window
from tests.people import Person

ENGINES = ["chromium", "firefox"]
PHONE = {"width": 360, "height": 740}
LONG = "with a rather long name that nobody would want to read to its end"
STYLE = "(element, [pseudo, name]) => getComputedStyle(element, pseudo)[name]"
SPREAD = """(element, side) => {
    const range = document.createRange(); range.selectNodeContents(element);
    return Math.max(...[...range.getClientRects()].map(rect => rect[side])); }"""
SMALL = """() => [...document.querySelectorAll('a, button, summary, input:not([type=hidden]), textarea')]
    .filter(each => each.checkVisibility({opacityProperty: false, visibilityProperty: true}))
    .filter(each => !each.matches('.skip, [type=radio]') && getComputedStyle(each).display != 'inline')
    .map(each => [each.getBoundingClientRect(), each])
    .filter(([box]) => box.height < 43.9 || box.width < 43.9)
    .map(([box, each]) => `${each.outerHTML.slice(0, 90)}: ${box.width} x ${box.height}`)"""


def style(page: Page, selector: str, name: str, pseudo: str = "") -> str:
    return str(page.locator(selector).first.evaluate(STYLE, [pseudo, name]))


@pytest.fixture(scope="module")
def many(ana: Person) -> list[int]:
    """25 rooms, Room 1 to Room 25, most of them with long names."""
    return [ana.make_room(f"Room {number}" + (f" {LONG}" if number % 3 else "")) for number in range(1, 26)]


def names(page: Page) -> list[str]:
    return [each for each in page.locator(".sidebar-rooms a").all_text_contents() if each.startswith("Room ")]


def in_view(page: Page, selector: str) -> bool:
    """Whether all of it is on the screen, and on top there."""
    return bool(
        page.locator(selector).first.evaluate(
            """each => { const box = each.getBoundingClientRect();
            const there = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
            const inside = box.top >= 0 && box.bottom <= innerHeight + 1;
            return inside && (each.contains(there) || there?.contains(each)); }"""
        )
    )


def test_of_many_rooms_only_the_list_scrolls(open_window: OpenWindow, ana: Person, many: list[int]) -> None:
    page = open_window(ana).open(many[19]).page
    assert [name.split()[1] for name in names(page)] == [str(number) for number in range(1, 26)], "2 before 10"
    heights = page.locator(".sidebar-rooms a").evaluate_all("all => all.map(each => each.offsetHeight)")
    assert len(set(heights)) == 1, "one line each"
    link = page.locator(".sidebar-rooms [aria-current]")
    assert link.get_attribute("title") == f"Room 20 {LONG}"
    assert link.locator("span").evaluate("name => name.scrollWidth > name.clientWidth && getComputedStyle(name)"
                                         ".textOverflow") == "ellipsis"  # fmt: skip
    assert in_view(page, ".sidebar-rooms [aria-current]")
    assert in_view(page, ".sidebar-foot button")
    assert in_view(page, ".sidebar-links a")
    page.locator(".sidebar-rooms").evaluate("list => list.scrollTop = 0")
    assert in_view(page, ".sidebar-rooms [aria-current]"), "wherever the list stands"
    assert in_view(page, ".community")
    assert page.locator(".sidebar").evaluate("bar => bar.scrollHeight <= bar.clientHeight")
    page.set_viewport_size({"width": 1280, "height": 360})
    assert page.locator(".sidebar-rooms").evaluate("list => list.clientHeight") > 100, "a low window scrolls it all"


@pytest.mark.chromium("it alone has scroll-initial-target; elsewhere the open room sticks to an end of the list")
def test_the_list_begins_at_the_open_room(open_window: OpenWindow, ana: Person, many: list[int]) -> None:
    page = open_window(ana).open(many[19]).page
    assert page.locator(".sidebar-rooms").evaluate("list => list.scrollTop") > 200
    assert in_view(page, f".sidebar-rooms a[href='/rooms/{many[18]}']"), "with its neighbours"


def test_of_many_rooms_on_a_phone_the_foot_stays(open_window: OpenWindow, ana: Person, many: list[int]) -> None:
    page = open_window(ana, viewport=PHONE).page
    page.goto(f"{ana.url}/rooms")
    heights = page.locator(".sidebar-rooms a").evaluate_all("all => all.map(each => each.offsetHeight)")
    assert len(set(heights)) == 1, "one line each"
    for top in (0, 900, 100_000):
        page.evaluate("top => scrollTo(0, top)", top)
        for part in (".sidebar-foot button", ".sidebar-links a", ".community"):
            assert in_view(page, part), (part, top)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_an_errors_title_and_number_keep_apart(
    open_window: OpenWindow, bea: Person, room: int, problems: Problems
) -> None:
    """Whatever the width of the window and of the system's letters."""
    problems.expect("status of 403")
    page = open_window(bea).page
    page.goto(f"{bea.url}/rooms/{room}/settings")
    title, number = page.locator("h1"), page.locator(".error-status")
    for width in (320, 360, 400, 440, 480, 1280):
        page.set_viewport_size({"width": width, "height": 700})
        for size in range(18, 33):
            title.evaluate("(title, size) => title.style.fontSize = `${size}px`", size)
            right = title.evaluate(SPREAD, "right")
            left = number.evaluate("each => each.getBoundingClientRect().left")
            assert right + 12 <= left, (width, size)


def test_the_panels_buttons_stand_at_its_edges(open_window: OpenWindow, ana: Person, room: int) -> None:
    message = ana.post(room, "mine")
    window = open_window(ana, room, viewport=PHONE)
    panel = window.act_on(message)
    lefts = [panel.get_by_text(text).bounding_box()["x"] for text in ("Show in the room", "Delete message")]  # type: ignore[index]
    assert lefts[0] == lefts[1], "below each other on a phone"


def test_a_list_in_a_message_has_filled_bullets(open_window: OpenWindow, ana: Person, room: int) -> None:
    ana.post(room, "- one\n  - in it\n    - in that\n\n1. first\n   - in first")
    page = open_window(ana, room).page
    kinds = page.locator(".body li").evaluate_all("all => all.map(each => getComputedStyle(each).listStyleType)")
    assert kinds == ["disc", "circle", "square", "decimal", "disc"]


def test_the_composers_placeholder_takes_one_line(open_window: OpenWindow, ana: Person, many: list[int]) -> None:
    window = open_window(ana, viewport=PHONE).open(many[0])
    heights = "draft => [draft.scrollHeight, draft.clientHeight]"
    scroll, client = window.draft.evaluate(heights)
    assert scroll <= client, "nothing of it hangs below"
    assert style(window.page, "#drafts textarea:enabled", "textOverflow") == "ellipsis"
    assert style(window.page, "#drafts textarea:enabled", "whiteSpace", "::placeholder") == "nowrap"
    window.draft.fill("what is typed " * 20)
    assert window.draft.evaluate("draft => draft.clientHeight") > 60, "has as many as it needs"
    assert style(window.page, "#drafts textarea:enabled", "whiteSpace") == "pre-wrap"


def test_the_actions_sign_is_not_copied(open_window: OpenWindow, ana: Person, bea: Person, room: int) -> None:
    first = ana.post(room, "one")
    second = bea.post(room, "two")
    window = open_window(ana, room)
    page = window.page
    page.bring_to_front()
    expect(window.message(first).locator(".menu")).to_have_accessible_name("Actions: Ana")
    expect(window.message(second).locator(".menu")).to_have_accessible_name("Actions: Bea")
    page.locator("#scroller").focus()
    page.evaluate("getSelection().selectAllChildren(document.querySelector('#messages'))")
    page.keyboard.press("Control+c")
    window.draft.focus()
    page.keyboard.press("Control+v")
    pasted = window.draft.input_value()
    assert "one" in pasted
    assert "two" in pasted
    assert not {"...", "\u22ef"} & {line.strip() for line in pasted.splitlines()}, pasted


def forced(open_window: OpenWindow, person: Person, room: int, query: str, **options: Any) -> Page:
    return open_window(person, forced_colors="active", **options).open(room, query).page


@pytest.mark.chromium("Firefox ESR's driver cannot force colours")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_where_the_system_forces_colours_everything_is_still_told_apart(
    open_window: OpenWindow, ana: Person, room: int, scheme: str
) -> None:
    message = ana.post(room, "marked")
    page = forced(open_window, ana, room, f"?around={message}#message-{message}", color_scheme=scheme)
    for sign, pseudo in ((".menu", "::before"), (".sidebar-rooms .closed", "::after")):
        assert "gradient" in style(page, sign, "backgroundImage", pseudo), sign
    assert style(page, ".menu", "opacity") == "1"
    paper = style(page, "body", "backgroundColor")
    assert style(page, ".sidebar [aria-current]", "backgroundColor") != paper
    assert style(page, f"#message-{message}", "outlineStyle") == "solid"
    page.locator("#drafts textarea:enabled").first.focus()
    assert style(page, ".composer", "outlineStyle") == "solid"
    page.get_by_role("button", name="Here now").click()
    edges = [".avatar", "#people"]
    Window(page, ana, ana.url).act_on(message)
    for part in [*edges, "#panel"]:
        assert style(page, part, "borderTopStyle") == "solid", part
        assert style(page, part, "borderTopColor") != paper, part


@pytest.mark.chromium("Firefox's driver emulates no touch")
@pytest.mark.parametrize("width", [360, 1100])
def test_fingers_find_44_pixels(open_window: OpenWindow, ana: Person, room: int, width: int) -> None:
    message = ana.post(room, "mine")
    ana.post(room, "again")
    ana.invite()
    window = open_window(ana, has_touch=True, viewport={"width": width, "height": 740})
    page = window.page
    window.open(room)
    assert page.evaluate("matchMedia('(pointer: coarse)').matches")
    assert page.evaluate(SMALL) == []
    boxes = page.locator("#messages .menu").evaluate_all(
        "all => all.map(each => each.getBoundingClientRect().toJSON())"
    )
    assert boxes[0]["bottom"] <= boxes[1]["top"] + 1, "they do not lie over each other"
    window.message(message).locator("a.menu").tap()
    expect(page.locator("#panel .actions-panel")).to_be_visible()
    assert page.evaluate(SMALL) == []
    for path in (
        "/rooms",
        f"/rooms/{room}/members",
        f"/rooms/{room}/settings",
        "/admin/invitations",
        "/admin/people",
        "/me",
        "/me/devices",
        f"/people/{ana.id}",
        f"/messages/{message}",
    ):
        page.goto(f"{ana.url}{path}")
        assert page.evaluate(SMALL) == [], path
    bare = open_window(ana, has_touch=True, java_script_enabled=False, viewport={"width": width, "height": 740}).page
    bare.goto(f"{ana.url}/rooms/{room}")
    assert bare.evaluate(SMALL) == []


def test_what_styles_draw_is_shown_when_it_is_so(open_window: OpenWindow, ana: Person, room: int) -> None:
    message = ana.post(room, "the only one")
    window = open_window(ana, room)
    page = window.page
    window.draft.focus()
    assert "Enter sends" in style(page, ".keys", "content", "::before")
    assert style(page, ".keys", "opacity") == "1"
    offline = "banner => { banner.replaceChildren(); return getComputedStyle(banner, '::after').content }"
    assert "Offline" in page.locator("#heartbeat").evaluate(offline), "before the next heartbeat fills it"
    expect(page.locator(".inner .empty")).to_be_hidden()
    ana.delete(message)
    expect(page.locator(".inner .empty")).to_be_visible()
    assert page.locator(".inner .empty").evaluate("line => line.offsetHeight") > 20, "its line is drawn"
