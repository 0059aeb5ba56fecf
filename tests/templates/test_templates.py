"""Every event has its envelope, every partial renders from its one value, and nothing that was typed comes alive."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import meta
from markupsafe import Markup

from webapp import markup
from webapp.channel_layer import method_name
from webapp.domain import events
from webapp.sockets import fragments
from webapp.sockets.dispatch import Listener
from webapp.sockets.feed import Feed
from webapp.sockets.fragments import Presence
from webapp.sockets.listeners import LISTENERS
from webapp.sockets.roster import Roster
from webapp.store.memberships import Named, OwnRoom
from webapp.store.messages import Message
from webapp.store.party import party
from webapp.store.people import Face
from webapp.store.rooms import Facts
from webapp.templating import TEMPLATES, Log, NewestLogs, RenderedMessages, environment, render
from webapp.templating.byte_cache import ByteCache, weight
from webapp.web.sidebar import Missing

PARTIALS = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("_*.html"))
ENVELOPES = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("events/*.html"))
MANY = {"forms/_field.html"}  # macros

MESSAGE = Message(42, 7, 3, "Ana Lima", "<p>hello</p>", 1_700_000_000_000_000, 3600, False, True, 5, 5, None, None)
EVIL = [
    '<script>alert(1)</script>', '<img src=x onerror=alert(1)>', "<svg onload=alert(1)>", "[x](javascript:alert(1))",
    "[x](data:text/html;base64,AAAA)", "[x](vbscript:x)", '<div hx-get="/logout" hx-trigger="load">x</div>',
    '<hx-partial hx-target="body" hx-swap="innerHTML">x</hx-partial>', '<b hx-ws:connect="/ws/evil">x</b>',
    '<li id="message-1" hx-swap-oob="delete"></li>', '</div></li><li id="messages">', "</ol></main><h1 id=alert>",
    '<iframe src="//evil"></iframe>', "<style>body{display:none}</style>", '<a href="x" onclick="y">z</a>',
    "```html\n<script>alert(1)</script>\n```", '```"><script>alert(1)</script>\nx\n```', "`<script>`",
    "![x](http://evil/track.png)", "<javascript:alert(1)>", "[a](http://x\" onmouseover=\"alert(1))", "&lt;script&gt;",
    '<input id="cursor" name="since" value="999" hx-swap-oob="true">', "<noscript><meta http-equiv=refresh></noscript>",
    "<!--", "]]>", "<plaintext>", "\u202e evil",
]  # fmt: skip


class Elements(HTMLParser):
    """All elements of a text, with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def needs(name: str) -> set[str]:
    source, _, _ = environment.loader.get_source(environment, name)  # type: ignore[union-attr]
    return meta.find_undeclared_variables(environment.parse(source)) - set(environment.globals)


@pytest.mark.parametrize("name", [name for name in PARTIALS if name not in MANY])
def test_a_partial_takes_one_value(name: str) -> None:
    assert len(needs(name)) <= 1, needs(name)
    assert not needs(name) & {"request", "page", "viewer", "actor"}


@pytest.mark.parametrize("name", ENVELOPES)
def test_an_envelope_takes_one_value_and_is_short(name: str) -> None:
    assert len(needs(name)) <= 1, needs(name)
    lines = [line for line in (TEMPLATES / name).read_text().splitlines() if not line.startswith("{#")]
    assert len(lines) <= 6, "one to three lines around the partial, a change has three kinds"


def test_every_event_of_a_room_has_a_method_and_an_envelope() -> None:
    made = [
        events.messages_changed(1, 1, []), events.room_changed(1, 1, {}), events.presence_changed(1, 1, "x", True),
        events.membership_ended(1, 1), events.session_ended(1, "x"), events.typing_started(1, 1, "x"),
    ]  # fmt: skip
    for event in made:
        kind = event.values["type"]
        owners: tuple[type[Listener], ...] = (Feed, *LISTENERS) if event.group.startswith("room.") else (Roster,)
        assert any(method_name(kind) in owner.handlers for owner in owners), kind
        if Feed in owners:
            assert f"{kind.replace('.', '/events/')}.html" in ENVELOPES, kind


def test_the_message_carries_no_behaviour() -> None:
    for tag, attributes in Elements(str(RenderedMessages().html(MESSAGE))).found:
        assert not [name for name in attributes if name.startswith(("hx-", "on")) and name != "hx-ignore"], tag


@pytest.mark.parametrize("body", EVIL)
def test_what_was_typed_stays_inert(body: str) -> None:
    rendered = markup.render(body)
    for tag, attributes in Elements(rendered).found:
        assert tag in markup.TAGS
        assert set(attributes) <= {"href", "rel", "class", "start", "tabindex"}, attributes
        href = attributes.get("href") or "https://"
        assert href.startswith(("http://", "https://", "mailto:")), href
        if tag == "a":
            assert attributes["rel"] == "noopener noreferrer nofollow ugc"
    message = replace(MESSAGE, html=rendered, author_name=body)
    outside = Elements(str(RenderedMessages().html(message)).replace(rendered, "")).found
    plain = Elements(str(RenderedMessages().html(MESSAGE)).replace(MESSAGE.html, "")).found
    assert [tag for tag, _ in outside] == [tag for tag, _ in plain], "the name added no element"


def room_changed(name: str) -> str:
    return fragments.room_changed(Facts(7, name, name, "open", name, 1))


def people_changed(name: str) -> str:
    return fragments.people_changed([Face(7, name, name, None, 3)], 3)


def missing(name: str) -> str:
    direct = OwnRoom(7, name, "closed", 1, 2, 0, False, 3, party=party([2, 3]), people=(Named(2, name, "left"),))
    return render(
        "sidebar/missing.html", missing=Missing([direct, OwnRoom(8, name, "open", 1, 2, 0, False, 3)], [7, 8])
    )


@pytest.mark.parametrize("body", EVIL)
def test_names_and_topics_stay_inert_in_fragments(body: str) -> None:
    for text, plain in (
        (room_changed(body), room_changed("x")),
        (fragments.presence_changed(Presence(1, body, body)), fragments.presence_changed(Presence(1, "x", "x"))),
        (people_changed(body), people_changed("x")),
        (fragments.notice(body), fragments.notice("x")),
        (fragments.titled(body), fragments.titled("x")),
        (missing(body), missing("x")),
    ):
        assert [tag for tag, _ in Elements(text).found] == [tag for tag, _ in Elements(plain).found]


def test_a_message_that_cannot_be_rendered_is_a_stub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markup.markdown, "render", lambda body: 1 / 0)
    assert markup.render("**x**") == markup.STUB


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("**b** *i* `c`", "<p><strong>b</strong> <em>i</em> <code>c</code></p>"),
        ("a\nb", "<p>a<br>\nb</p>"),
        ("> q", "<blockquote>\n<p>q</p>\n</blockquote>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("# no heading", "<p># no heading</p>"),
        ("    not code", "<p>not code</p>"),
        ("```py\nx = 1\n```", '<pre tabindex="0"><code><span class="n">x</span>'),
        ("```nolanguage\n<b>\n```", '<pre tabindex="0"><code>&lt;b&gt;\n</code></pre>'),
        ("a_b_c and 2*3*4", "<p>a_b_c and 2<em>3</em>4</p>"),
    ],
)
def test_the_small_markdown(source: str, wanted: str) -> None:
    assert markup.render(source).startswith(wanted)


@given(st.text(st.one_of(st.sampled_from(" .,;?!'\"()-–…aeé1中。@/:w\n_*#>+&<"), st.characters()), max_size=30))
@settings(max_examples=1_000, deadline=None, derandomize=True)
def test_a_plain_line_is_its_own_rendering(body: str) -> None:
    if markup.PLAIN.fullmatch(body):
        assert markup.render_markdown(body) == f"<p>{body}</p>"


@given(st.from_regex(markup.PLAIN, fullmatch=True))
@settings(max_examples=500, deadline=None, derandomize=True)
def test_whatever_counts_as_plain_is(body: str) -> None:
    assert markup.render_markdown(body) == markup.render(body)


@pytest.mark.parametrize("body", ["hello", "Hi, how are you? Fine...", "a (b) - c", 'it\'s "quoted"', "Été, 24 h!"])
def test_ordinary_lines_take_the_short_way(body: str) -> None:
    assert markup.PLAIN.fullmatch(body)


def test_a_hostile_body_is_rendered_in_bounded_time() -> None:
    for body in ("[" * 8_000, "*" * 8_000, "> " * 4_000, "`" * 8_000, "[](" * 2_600, "<" * 8_000, "- " * 4_000,
                 "http://" * 1_100, "a@b." * 2_000, "&" * 8_000):  # fmt: skip
        assert markup.render(body)


def test_changes_are_told_in_their_newest_state() -> None:
    posted = replace(MESSAGE, id=9, posted_revision=11, revision=12)
    edited = replace(MESSAGE, id=8, posted_revision=3, revision=13)
    gone = replace(MESSAGE, id=7, posted_revision=2, revision=14, deleted_at=1, html="")
    text = fragments.changed(RenderedMessages(), [posted, edited, gone], since=10, head=14)
    assert re.findall(r'id="message-(\d+)" hx-swap-oob="delete"', text) == ["7", "9"]
    assert '<hx-partial hx-target="#message-8" hx-swap="outerHTML"><li id="message-8"' in text
    assert '<hx-partial hx-target="#messages" hx-swap="beforeend"><li id="message-9"' in text
    assert text.rstrip().endswith('<input type="hidden" id="cursor" name="since" value="14" hx-swap-oob="true">')


def test_what_is_said_in_ascii_travels_in_ascii() -> None:
    """One other character and every socket of a stock server encodes the whole frame at a thirtieth of the speed."""
    assert fragments.changed(
        RenderedMessages(), [MESSAGE, replace(MESSAGE, id=43, continues=True, opens_day=False)], 4, 6
    ).isascii()


def test_what_is_kept_rendered_is_bounded_in_bytes() -> None:
    kept = RenderedMessages(most=20_000)
    for number in range(1, 200):
        message = replace(MESSAGE, id=number, html="x" * (number * 37 % 3000))
        shown = kept.html(message)
        assert kept.html(replace(message)) is shown
        cache = kept.cache.kept
        assert cache.currsize == sum(weight(html) for _, html in cache.values()) <= 20_000
    assert "new text" in kept.html(replace(MESSAGE, id=199, revision=6, html="<p>new text</p>"))
    newest = NewestLogs(most=20_000)
    for number in range(1, 200):
        newest.put(number % 9, (number, 0), Log(Markup("x" * (number * 137 % 9000))))
        logs = newest.cache.kept
        assert logs.currsize == sum(weight(log.messages) for _, log in logs.values()) <= 20_000
    assert newest.get(199 % 9, (199, 0)) is not None
    newest.put(199 % 9, (5, 9), Log(Markup("")))
    assert newest.get(199 % 9, (5, 9)) is None, "an older state never takes a newer one's place"
    assert newest.get(199 % 9, (199, 1)) is None, "nor stands for one in which somebody is called differently"
    newest.put(199 % 9, (200, 0), Log(Markup("x" * 30_000)))
    assert newest.get(199 % 9, (200, 0)) is None, "what is larger than the cache is not kept"
    assert newest.get(199 % 9, (199, 0)) is None, "nor is what it would have replaced"


def test_what_is_kept_is_kept_whole_while_threads_put_and_get() -> None:
    kept: ByteCache[int, str] = ByteCache(50_000, lambda text: text)

    def use(seed: int) -> None:
        for number in range(3_000):
            key = (seed * 7 + number * 13) % 150
            kept.put(key, f"{key} " * (number % 40 + 1))
            found = kept.get((key * 3) % 150)
            assert found is None or set(found.split()) == {str((key * 3) % 150)}

    with ThreadPoolExecutor(4) as threads:
        for each in [threads.submit(use, seed) for seed in range(4)]:
            each.result()
    assert kept.kept.currsize == sum(map(weight, kept.kept.values())) <= 50_000


def test_a_template_that_lacks_a_value_fails_loudly() -> None:
    with pytest.raises(Exception, match=r"no attribute .room_id."):
        render("live/_socket.html", socket=object())


def test_templates_are_all_used() -> None:
    sources = "".join(
        path.read_text() for path in [*(TEMPLATES.parent / "webapp").rglob("*.py"), *TEMPLATES.rglob("*.html")]
    )
    for path in TEMPLATES.rglob("*.*"):
        assert str(path.relative_to(TEMPLATES)) in sources, path
