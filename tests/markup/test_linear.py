"""No message of 8,000 characters is slow, and none becomes a large page: every piece of Markdown, repeated."""

import random
from functools import partial

import pytest

from tests.markup.vocabulary import assert_linear, cost
from webapp import markup
from webapp.markup.rendering import MOST_BYTES, MOST_ELEMENTS

LONGEST = 8_000
LENGTHS = (31, 125, 500, 2_000, 8_000)
PIECES = [
    # links
    "www.xn--", "www.a.b ", "www.a.b/)", "://", "http://", "https://a ", "http://[", "http://a@", "xn--a.",
    "http://a.b/(",
    "@ana ", "@_a ", "@a-", "@a_", " @", "@a.b*",
    "http://a/_b_ ", "a@b.cd ", "a@", "@a.bc", "a.", "http://é", "<http://a.", "<a:b>", "<a@b", "<a@b.c>",
    # brackets
    "[", "![", "](", "[](", "[a](", "[a](b", "[a](b)", "[a](<", '[a](b "', "[a](b 'c", "[a](((", "[a](\\(", "[[]",
    "[a][",
    "]", "[`", "[*", "[a*](b)*", "![a](b)", "[a](http://é", "[](http://xn--",
    # emphasis and code
    "*", "_", "**", "***", "*a", "a*", "*a*", "*_", "*a_", "a**b", "**a*b", "**a _b", "_a_b", "`", "``", "`a",
    "`a``b", "` ",
    # lists, quotes, blocks
    "> ", ">", "> a\n", ">\n", "- ", "-\n", "- a\n", "-\n\n", "- a\n\n", "1. ", "1. a\n", "1) a\n2. b\n", "+ a\n* b\n",
    "- > ", "> - ", "- a\n  - b\n", "- > a\n", "```\n", "```py\n", "~~~\n", "```", "`` `\n", "    a\n", "\ta\n",
    # the rest
    "&", "&amp;", "&#", "&#x1f600;", "&a", "<", "<a", "<b>", ">", '"', "'", "\\", "\\*", "\\[", "a\\\n", "\n",
    "\n\n", "  \n", "a\n",
    "a", " ", "é", "中", "😀", "a b ",
]  # fmt: skip
HOSTILE = {
    "www.xn-- x 22": "www.xn--" * 22,
    "mail": "http://a@" + "xn--a." * 60,
    "deep": "".join(f"{'>' * n} x\n" for n in range(100)),
}


@pytest.mark.parametrize("piece", PIECES)
def test_a_piece_repeated_takes_time_in_proportion(piece: str) -> None:
    assert_linear(markup.render_markdown, lambda length: (piece * length)[:length], LENGTHS)


def test_pieces_mixed_take_time_in_proportion() -> None:
    """Two of them, one after the other or half and half, behind a third."""
    chance = random.Random(64)
    for _ in range(12):
        one, other, before = chance.sample(PIECES, 3)
        mixed = partial(repeated, before, one + other, "")
        halves = partial(repeated, before, one, other)
        for make in (mixed, halves):
            assert_linear(markup.render_markdown, make, LENGTHS)


def repeated(before: str, one: str, other: str, length: int) -> str:
    half = length // 2 if other else length
    return before + (one * half)[:half] + (other * half)[:half]


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_known_attacks_are_cheap(body: str) -> None:
    assert min(cost(markup.render, body) for _ in range(3)) < 0.1
    assert markup.render(body) != markup.STUB


def test_what_is_light_takes_milliseconds() -> None:
    """The event loop renders it, so whatever `light` lets through counts: the most of each piece that it does."""
    chance = random.Random(65)
    for piece in [*PIECES, *("".join(chance.sample(PIECES, 3)) for _ in range(10))]:
        body = next(body for length in range(2_000, -1, -50) if markup.light(body := (piece * length)[:length]))
        assert min(cost(markup.render, body) for _ in range(4)) < 0.01, (piece, len(body))


@pytest.mark.parametrize("fence", ["```", "~~~", "````", "> ```", "- ~~~"])
def test_code_is_never_light(fence: str) -> None:
    assert not markup.light(f"{fence}css\na\n{fence}")


def bounded(body: str) -> bool:
    html = markup.render(body)
    return len(html.encode()) <= MOST_BYTES and html.count("<") - html.count("</") <= MOST_ELEMENTS


@pytest.mark.parametrize(
    "piece",
    [
        "<", "&", '"', "😀", "\n", "a\n", "- a\n", "*a*", "`a`", "[a](b)", "http://a ", "a@b.cd ", "> \n\n",
        "```\na\n```\n", "```css\na{b:c}\n```\n",
    ],
)  # fmt: skip
def test_no_message_is_large(piece: str) -> None:
    assert bounded((piece * LONGEST)[:LONGEST])


@pytest.mark.parametrize("language", ["css", "python", "json", "html", "diff", ""])
@pytest.mark.parametrize("code", ["a{b:c}\n", "&<>\n", "[1,2,", "+a\n", "<a b='c'>\n", "é"])
def test_no_code_is_large(language: str, code: str) -> None:
    assert bounded(f"```{language}\n{(code * LONGEST)[: LONGEST - 20]}\n```")


def test_what_would_be_too_large_or_too_deep_stands_as_it_was_typed() -> None:
    for body in (
        "a <b>\n" * 1_300 + "a\n" * 800,
        "- a\n" * 2_000,
        "*a* " * 2_000,
        "> " * 40 + "deep",
        "- " * 40 + "deep",
    ):
        assert markup.render(body) == markup.as_typed(body), body[:20]
    assert markup.as_typed("a <b>\n&") == '<p class="typed">a &lt;b&gt;\n&amp;</p>'


def test_code_with_too_many_tokens_stays_code() -> None:
    html = markup.render("**css**\n```css\n" + "a{b:c}\n" * 1_000 + "```")
    assert html.startswith('<p><strong>css</strong></p>\n<pre tabindex="0"><code>a{b:c}\na{b:c}')
