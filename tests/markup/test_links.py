"""What becomes a link, and where it ends."""

import re

import pytest

from webapp import markup


def links(body: str) -> list[tuple[str, str]]:
    """(address, text) of each, as it is shown."""
    found = re.findall(r'<a href="([^"]*)" rel="[^"]*">(.*?)</a>', markup.render(body))
    return [
        (address.replace("&amp;", "&"), re.sub(r"<[^>]*>", "", text).replace("&amp;", "&")) for address, text in found
    ]


@pytest.mark.parametrize(
    ("body", "address"),
    [
        ("see https://example.org/a_b_c?x=1&y=2#z now", "https://example.org/a_b_c?x=1&y=2#z"),
        ("http://localhost:8000/rooms/1", "http://localhost:8000/rooms/1"),
        ("http://[::1]:8000/x", "http://[::1]:8000/x"),
        ("HTTPS://EXAMPLE.org.", "HTTPS://EXAMPLE.org"),
        ("(https://example.org/Tea_(drink))", "https://example.org/Tea_(drink)"),
        ("(see https://example.org), and", "https://example.org"),
        ("[https://example.org]", "https://example.org"),
        ("https://example.org/x?!...", "https://example.org/x"),
        ("**https://example.org**", "https://example.org"),
        ("_https://example.org_", "https://example.org"),
        ('"https://example.org/x"', "https://example.org/x"),
        ("https://example.org/été。", "https://example.org/été"),
        ("https://bücher.example/x", "https://bücher.example/x"),
        ("<https://example.org/a b", "https://example.org/a"),
        ("- https://example.org\n- x", "https://example.org"),
    ],
)
def test_a_bare_address(body: str, address: str) -> None:
    assert links(body) == [(address, address)]


@pytest.mark.parametrize(
    ("body", "address", "text"),
    [
        ("www.example.org/x, please", "https://www.example.org/x", "www.example.org/x"),
        ("(www.example.org)", "https://www.example.org", "www.example.org"),
        ("write to ana.lima+x@example.org.", "mailto:ana.lima+x@example.org", "ana.lima+x@example.org"),
        ("*a_b@example.org*", "mailto:a_b@example.org", "a_b@example.org"),
        ("<https://example.org/a(b>", "https://example.org/a(b", "https://example.org/a(b"),
        ("<ana@example.org>", "mailto:ana@example.org", "ana@example.org"),
        ("[a **b** `]`](https://example.org)", "https://example.org", "a b ]"),
        ("[a](https://example.org/x_(y) 'title')", "https://example.org/x_(y)", "a"),
        ("[a](<https://example.org/x y>)", "https://example.org/x%20y", "a"),
        (r"[a\]b](https://example.org/\(x)", "https://example.org/(x", "a]b"),
        ("[a [b] c](/rooms/1)", "/rooms/1", "a [b] c"),
        ("[https://a.example](https://b.example)", "https://b.example", "https://a.example"),
        ("[a@b.de www.c.de <http://d.de>](https://e.de)", "https://e.de", "a@b.de www.c.de &lt;http://d.de&gt;"),
        ("[a](https://example.org?x=1&amp;y=2)", "https://example.org?x=1&y=2", "a"),
    ],
)  # fmt: skip
def test_an_address_with_a_text_of_its_own(body: str, address: str, text: str) -> None:
    assert links(body) == [(address, text)]


@pytest.mark.parametrize(
    "body",
    [
        "http://", "https://.", "xhttp://a.example", r"http\://a.example", "`http://a.example`", "ftp://a.example",
        "www.", "www.a", "xwww.a.example", "a@b", "@a.example", "a@b.1", "a@b.c", "a b@", "[a]", "[a]()", "[a](b",
        "[a] (b)",
        "[a](javascript:alert(1))", "[a](JavaScript:x)", "[a](&#106;avascript:x)", "[a](data:x)", "<javascript:x>",
        "[`a](http://b.example`)".replace("http://b.example", "b"), "https://a.example/" + "x" * 2_100,
        "```\nhttp://a.example\n```",
    ],
)  # fmt: skip
def test_what_is_no_link(body: str) -> None:
    assert links(body) == []


def test_many_in_one_line() -> None:
    found = links("http://a.example, http://b.example; c@d.example (www.e.example) f@g.example")
    assert [address for address, _ in found] == [
        "http://a.example", "http://b.example", "mailto:c@d.example", "https://www.e.example", "mailto:f@g.example",
    ]  # fmt: skip
