"""Two windows on one room: what one does, the other sees."""

import re
import secrets

from playwright.sync_api import expect

from tests.browser.conftest import OpenWindow
from tests.browser.windows import Problems, Window
from tests.people import Person, newcomer, sign_up

ENGINES = ["chromium", "firefox"]
MARKUP = """\
<script>window.pwned = 1</script> <img src=x onerror="window.pwned = 1"> <svg onload="window.pwned = 1">
<b hx-get="/evil" hx-trigger="load">one</b> <i hx-ws:connect="/evil" data-hx-post="/evil">two</i>
<hx-partial hx-target="#log" hx-swap="innerHTML">three</hx-partial>
<input id="cursor" name="since" value="0" hx-swap-oob="true">
</div></li></ol><ol id="messages" hx-swap-oob="delete"><li id="message-1" class="message">four
<form action="/logout" method="post"><button>five</button></form>
<template hx type="partial" hx-target="#log">six</template>
[seven](javascript:window.pwned=1) [eight](data:text/html,<script>1</script>) [nine](https://example.org/"onclick=1)
<style>body{display:none}</style><meta http-equiv="refresh" content="0;url=/evil"><title>ten</title>

```html
<a hx-get="/evil" hx-trigger="load">eleven</a>
```
<iframe src="/evil"></iframe><base href="/evil/"><link rel=stylesheet href=/evil>"""
WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "pwned", "onerror"]
HARMLESS = {"P", "BR", "STRONG", "EM", "CODE", "PRE", "BLOCKQUOTE", "UL", "OL", "LI", "A", "SPAN"}
ELEMENTS = "body => [...body.querySelectorAll('*')].map(each => [each.tagName, ...each.getAttributeNames()])"


def test_two_people_see_each_others_posts_live(open_window: OpenWindow, ana: Person, bea: Person, room: int) -> None:
    hers, his = open_window(ana, room), open_window(bea, room)
    hers.write("good morning")
    his.says("good morning")
    his.write("good morning, Ana")
    for window in (hers, his):
        window.says("good morning", "good morning, Ana")
    live = his.log
    his.open(room)
    assert list(his.log.items()) == list(live.items())
    hers.shows(ana.page(room))


def test_an_edit_and_a_deletion_by_the_menu_are_seen_in_the_other_window(
    open_window: OpenWindow, ana: Person, bea: Person, room: int
) -> None:
    first, second = ana.post(room, "frist"), ana.post(room, "second")
    hers, his = open_window(ana, room), open_window(bea, room)

    panel = hers.act_on(first)
    expect(panel.get_by_label("Edit your message")).to_have_value("frist")
    panel.get_by_label("Edit your message").fill("first")
    panel.get_by_role("button", name="Save").click()
    for window in (hers, his):
        window.says("first", "second")
        expect(window.message(first).locator(".edited")).to_have_text("edited")
        expect(window.message(second).locator(".edited")).to_have_count(0)
    expect(panel).to_have_count(0)

    hers.delete(first)
    for window in (hers, his):
        window.says("second")
    expect(panel).to_have_count(0)
    his.open(room)
    his.says("second")


def test_an_edit_that_is_refused_says_why_and_keeps_the_text(
    open_window: OpenWindow, ana: Person, room: int, problems: Problems
) -> None:
    problems.expect("status of 422")
    message = ana.post(room, "short")
    window = open_window(ana, room)
    panel = window.act_on(message)
    panel.get_by_label("Edit your message").fill("x" * 8001)
    panel.get_by_role("button", name="Save").click()
    expect(panel.get_by_role("alert")).to_contain_text("8,000")
    expect(panel.get_by_label("Edit your message")).to_have_value("x" * 8001)
    window.says("short")


def test_only_the_author_is_offered_to_edit_and_the_admin_to_delete(
    open_window: OpenWindow, ana: Person, bea: Person, room: int
) -> None:
    of_bea, of_ana = bea.post(room, "from Bea"), ana.post(room, "from Ana")
    hers, his = open_window(ana, room), open_window(bea, room)
    panel = his.act_on(of_ana)
    expect(panel.get_by_role("button", name="Save")).to_have_count(0)
    expect(panel.get_by_role("link", name="Delete")).to_have_count(0)
    panel = hers.act_on(of_bea)
    expect(panel.get_by_role("button", name="Save")).to_have_count(0)
    expect(panel.get_by_role("link", name="Delete")).to_be_visible()


PLACEHOLDERS = "drafts => [...new Set(drafts.map(each => each.placeholder))]"
ATTRIBUTES = """link => [...link.attributes].filter(each => !each.name.startsWith('data-htmx')).map(
    each => [each.name, each.value]).sort()"""


def test_case_55_a_room_that_is_renamed_is_renamed_for_all(
    open_window: OpenWindow, ana: Person, bea: Person, room: int
) -> None:
    name = "The <b>garden</b> & the shed"
    hers, window = open_window(ana), open_window(bea, room)
    window.page.keyboard.type("half a ence")
    for _ in range(4):
        window.page.keyboard.press("ArrowLeft")
    hers.page.goto(f"{hers.url}/rooms/{room}/settings")
    hers.page.get_by_label("Name").fill(name)
    hers.page.get_by_label("Topic").fill("What grows & what does not")
    hers.page.get_by_role("button", name="Save").click()
    hers.is_live()
    shows_name(window, name)
    expect(window.page.locator("#room-topic")).to_have_text("What grows & what does not")
    window.page.keyboard.type("sent")  # where the caret stood
    expect(window.draft).to_have_value("half a sentence")
    window.send()
    window.says("half a sentence")
    expect(window.draft).to_be_focused()
    live = [window.page.locator(each).evaluate(ATTRIBUTES) for each in (".sidebar [aria-current]", "#room-name")]
    spare = window.page.locator("#drafts > :disabled > textarea").first.evaluate(ATTRIBUTES)
    window.open(room)
    shows_name(window, name)
    fresh = [window.page.locator(each).evaluate(ATTRIBUTES) for each in (".sidebar [aria-current]", "#room-name")]
    assert live == fresh, "as a reload shows it"
    assert spare == window.page.locator("#drafts > :disabled > textarea").first.evaluate(ATTRIBUTES)


def shows_name(window: Window, name: str) -> None:
    expect(window.page.locator("#room-name")).to_have_text(name)
    expect(window.page).to_have_title(re.compile(f"^(• )?{re.escape(name)} · Tertulia$"))
    expect(window.page.locator(".sidebar [aria-current]")).to_have_text(name)
    drafts = window.page.locator("#drafts textarea")
    window.comes_to(lambda: drafts.evaluate_all(PLACEHOLDERS), [f"Message {name}"])


def test_case_55_a_new_name_takes_no_focus(open_window: OpenWindow, ana: Person, bea: Person, room: int) -> None:
    """Nor a word from the message that is being edited, nor from a draft that waits."""
    window = open_window(bea, room)
    panel = window.act_on(bea.post(room, "frist"))
    field = panel.get_by_label("Edit your message")
    window.draft.fill("for later")
    field.fill("first, and")
    field.press("End")
    ana.rename(room, "Garden")
    shows_name(window, "Garden")
    expect(field).to_be_focused()
    window.page.keyboard.type(" last")
    expect(field).to_have_value("first, and last")
    expect(window.draft).to_have_value("for later")
    window.page.locator(".sidebar [aria-current]").focus()
    ana.rename(room, "Orchard")
    shows_name(window, "Orchard")
    expect(window.page.locator(".sidebar [aria-current]")).to_be_focused()


def test_markup_in_a_message_is_inert_in_fragment_and_page(
    open_window: OpenWindow, ana: Person, bea: Person, room: int
) -> None:
    window = open_window(bea, room)
    wanted: list[str] = []
    window.page.on("request", lambda request: wanted.append(request.url))
    before = ana.post(room, "before")
    evil = ana.post(room, MARKUP)
    window.comes_to(lambda: list(window.log), [before, evil])
    is_inert(window, evil)
    window.open(room)
    is_inert(window, evil)
    ana.post(room, "after")
    window.comes_to(lambda: list(window.log)[:2], [before, evil])
    window.comes_to(lambda: window.texts[-1], "after")
    assert not [url for url in wanted if "evil" in url]


def test_a_message_that_stands_as_it_was_typed_keeps_its_lines(
    open_window: OpenWindow, ana: Person, bea: Person, room: int
) -> None:
    window = open_window(bea, room)
    source = "  a  <b>\n" + "\n".join(["- *x*"] * 1_200)
    typed = window.message(ana.post(room, source)).locator(".typed")
    expect(typed).to_have_count(1)
    assert typed.evaluate("element => element.innerText") == source
    assert typed.locator("*").count() == 0


def is_inert(window: Window, message: int) -> None:
    body = window.message(message).locator(".body")
    for word in WORDS:
        expect(body).to_contain_text(word)
    for name, *attributes in body.evaluate(ELEMENTS):
        assert name in HARMLESS and set(attributes) <= {"href", "rel", "class", "tabindex"}, (name, attributes)
    for link in body.locator("a").all():
        assert (link.get_attribute("href") or "").startswith("https://example.org/")
    expect(window.page.locator("#messages, #cursor, #log, #composer")).to_have_count(4)
    assert window.page.evaluate("window.pwned") is None
    assert "ten" not in window.page.title()


def test_markup_in_names_is_inert(open_window: OpenWindow, ana: Person) -> None:
    mark = secrets.token_hex(4)  # two of one name would show their usernames
    name = f"<b hx-get=/evil hx-trigger=load>Dan {mark}</b>"
    dan = sign_up(ana.url, ana.invite(), f"dan-{mark}", name)
    room = ana.make_room(f'{name}\'s "garden"', dan)
    window = open_window(ana, room)
    his = open_window(dan, room)
    wanted: list[str] = []
    window.page.on("request", lambda request: wanted.append(request.url))
    his.write("hello")
    window.says("hello")
    for place in (".message .author", "#here li:last-child", "#notices li"):
        expect(window.page.locator(place).last).to_contain_text(name)
    expect(window.page.locator("#room-name")).to_have_text(f'{name}\'s "garden"')
    window.open(room)
    expect(window.page.locator(".message .author")).to_have_text(name)
    expect(window.page.locator("[hx-get*=evil]")).to_have_count(0)
    assert not [url for url in wanted if "evil" in url]


def test_signing_out_in_one_tab_sends_the_other_to_the_door(
    open_window: OpenWindow, ana: Person, room: int, problems: Problems
) -> None:
    problems.expect("status of 401")
    cid = newcomer(ana, "Cid")
    ana.let_in(room, cid)
    first = open_window(cid, room)
    second = Window(first.page.context.new_page(), cid, first.url).open(room)
    first.page.get_by_role("button", name="Sign out").click()
    for window in (first, second):
        expect(window.page).to_have_url(re.compile("/login"))


def test_who_is_removed_is_taken_out_of_the_room(
    open_window: OpenWindow, ana: Person, room: int, problems: Problems
) -> None:
    problems.expect("status of 404")
    cid = newcomer(ana, "Cid")
    ana.let_in(room, cid)
    window = open_window(cid, room)
    ana.remove(room, cid)
    window.page.wait_for_url("**/rooms?reason=removed")
    expect(window.page.get_by_role("status")).to_contain_text("not in that room any more")
    expect(window.page.locator(f"a[href='/rooms/{room}']")).to_have_count(0)
    window.page.goto(f"{window.url}/rooms/{room}")
    expect(window.page.get_by_role("heading", level=1)).to_have_text("Nothing here")
