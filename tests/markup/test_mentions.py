"""What looks like a mention, and that nothing else ever becomes a link of ours."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp import markup
from webapp.markup.rendering import MOST_BYTES

PEOPLE = {"ana": 7, "ana.lima": 8, "a_b-c": 9, "room": 3, "b": 10}


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("@ana", {"ana"}), ("hello @Ana!", {"ana"}), ("(@ana), @ana.", {"ana"}), ("@_ana", {"_ana"}),
        ("@ana's", {"ana"}), ("@ana.lima.", {"ana.lima"}), ("@a_b-c-", {"a_b-c"}),
        ("**@ana** and *@b*", {"ana", "b"}), ("> @ana", {"ana"}),
        ("- @ana\n- @b", {"ana", "b"}), ("@room", {"room"}), ("@_ana and @_b too_", {"_ana", "_b"}),
        ("@ana…", {"ana"}), ("x_@ana", set()),
        ("中@ana", set()), ("x@ana", set()), ("x@ana.example", set()), ("@ana@example.org", set()), ("@@ana", set()),
        (r"\@ana", set()), ("`@ana`", set()), ("```\n@ana\n```", set()), ("[@ana](https://a.example)", set()),
        ("https://a.example/@ana", set()), ("a.@ana", set()), ("@", set()), ("@-ana", set()), ("@" + "a" * 33, set()),
        ("@" + "a" * 32, {"a" * 32}), ("@anaé", set()), ("@__ana", set()), ("<@ana>", {"ana"}), ("/@ana", set()),
    ],
)  # fmt: skip
def test_what_looks_like_one(body: str, names: set[str]) -> None:
    assert markup.names(markup.render(body)) == names


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("hi @ANA", '<p>hi <a class="mention" href="/people/7" data-mentions="7">@ANA</a></p>'),
        ("hi @_ana", '<p>hi <a class="mention" href="/people/7" data-mentions="7">@_ana</a></p>'),
        ("hi @nobody", "<p>hi @nobody</p>"),
        ("@room", '<p><a class="mention" href="/rooms/3/members" data-mentions="room">@room</a></p>'),
        ("@_room", "<p>@_room</p>"),
        ("a@b.de @b", '<p><a href="mailto:a@b.de" rel="noopener noreferrer nofollow ugc">a@b.de</a>'
                      ' <a class="mention" href="/people/10" data-mentions="10">@b</a></p>'),
    ],
)  # fmt: skip
def test_links_for_who_is_there(body: str, wanted: str) -> None:
    assert markup.linked(markup.render(body), PEOPLE) == wanted


class Elements(HTMLParser):
    """Tags with their attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


PIECES = st.sampled_from(
    ["@ana", "@_ana", "@room", "@b", "@", "_", "*", "**", "`", "```\n", "[", "](", ")", "<", ">", '"', "&", "\n", " ",
     "é", '<span class="mention">', "</span>", '<span class="mention">@ana</span>',
     "&lt;span class=&quot;mention&quot;&gt;",
     "@ana<b>", '<a data-mentions="7">', "\\", "mention", "http://a.b/", "x@ana.de", "> ", "- "]
)  # fmt: skip


@given(st.lists(PIECES, max_size=14).map("".join))
@settings(max_examples=1_500, deadline=None, derandomize=True)
def test_whatever_is_typed_stays_text_but_the_names_that_are_found(body: str) -> None:
    html = markup.render(body)
    marks = html.count('<span class="mention">')
    everybody = {name.removeprefix("_"): 7 for name in markup.names(html)}
    for people in ({}, PEOPLE, everybody):
        linked = markup.linked(html, people)
        before, after = Elements(html), Elements(linked)
        assert after.text == before.text
        assert 'class="mention">@' not in linked.replace("<a ", "").replace("data-", "") or people
        ours = [attributes for tag, attributes in after.found if "data-mentions" in attributes]
        assert len(ours) <= marks
        for attributes in ours:
            assert re.fullmatch(r"/people/\d+|/rooms/\d+/members", attributes["href"] or "")
        assert not [tag for tag, attributes in after.found if tag == "span" and attributes.get("class") == "mention"]
        rest = [each for each in after.found if "data-mentions" not in each[1]]
        assert rest == [each for each in before.found if each[1].get("class") != "mention"]


@pytest.mark.parametrize(
    "piece", ["@ana ", "@a", "@_a ", "@ana.", "@a@", "@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ", "**@b** "]
)
def test_no_message_of_names_is_large(piece: str) -> None:
    html = markup.render((piece * 8_000)[:8_000])
    people = {name.removeprefix("_"): 10**15 for name in markup.names(html)} | {"room": 10**15}
    assert len(markup.linked(html, people).encode()) <= MOST_BYTES
