"""Every lexer that is offered takes time in proportion to its code, whatever it is."""

import random
from functools import partial

import pytest

from tests.markup.vocabulary import assert_linear, cost
from webapp import markup
from webapp.markup.code import LANGUAGES, LEFT_OUT, NAMES, Allowance, coloured, lexer

PIECES = [
    "a", "A", "0", "1.", "1e", "0x", "_", " ", "\n", "\t", "'", '"', "`", "'''", '"""', "\\", "\\\n", "/", "//",
    "/*", "*/", "#", "##",
    "--", "<!--", "<", "</", "<a", "<?", "<?php ", "?>", "<![CDATA[", ">", "&", "&a;", "(", ")", "[", "]", "{", "}",
    "{{", "${", "$(",
    "$", "$a", "@", "@a ", "!", "%", "%{", "^", "~", "|", "+", "-", "=", "==", "=>", ":", "::", ";", ", ", ".", "é",
    "中", "a b", "a=",
    "a: ", "a.b", "f(", "class a", "def a", "import a", "function ", "for(", "<<a\n", "<<EOF\n", "r'", "f'{", 'u"',
    "@@ ", "--- a\n",
    "[a]\n", "{%", "a<b", "<a b='", "<script>", "<style>", "select ", "from ", "=~ /", "%w(", "q{", "\\u", "#{",
    "#!", "@media ",
    "url(", "!important", "a{b:c;}", "1_", "e+", "a\n", "/*\n", "//a\n", "a\t\n", "\n ", "{\n", "def a\n", "a b\n",
    "/*+", "_/*",
]  # fmt: skip
# What some lexer of Pygments is slow with, so that every one offered here is tried with it.
KNOWN = [
    "a\n", "a b", "a.b", "&", "[\n", "<?", "::a", "/*+", "a b\n", "/*\n", "'''f(", "==", "中", "$", "{{A", "#{", "@@ ",
]  # fmt: skip


def patterns(language: str) -> list[str]:
    chance = random.Random(language)
    return [*KNOWN, *("".join(chance.sample(PIECES, chance.choice([1, 2, 3]))) for _ in range(2))]


def repeated(piece: str, length: int) -> str:
    return (piece * length)[:length]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_lexer_takes_time_in_proportion(language: str) -> None:
    """In lines as long as still are coloured."""

    def paint(code: str) -> str:
        return coloured(code, language, Allowance())

    paint("a")  # its tables are built at its first use
    for piece in patterns(language):
        lines = (piece * 200)[:199].replace("\n\n", "\n").strip() + "\n"
        assert_linear(paint, partial(repeated, lines), (1_000, 4_000))
        assert cost(paint, repeated(piece, 8_000)) < 0.25, "far below what ends the process"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_is_coloured_by_each_of_its_names(language: str) -> None:
    sample = "if x: # é\n<a b='1'>\n+ 'x' \"y\": 1\n@@ -1 +1 @@\n[a]\nb = 2 // c\n"
    for name in (language, *LANGUAGES[language].split()):
        assert "<span" in coloured(sample, name, Allowance()), name
        assert coloured(sample, name.upper(), Allowance()) == coloured(sample, name, Allowance())


def test_a_rule_that_is_left_out_is_there_to_be() -> None:
    for language, rule in LEFT_OUT.items():
        original = type(lexer(language)).__mro__[1]
        assert len(type(lexer(language)).tokens["root"]) == len(original.tokens["root"]) - 1, rule
        assert "<span" in coloured("public static int f(int a) { return 1; }", language, Allowance())


def test_slow_and_unknown_languages_stand_as_plain_code() -> None:
    for name in ("mcschema", "autohotkey", "mql", "nit", "lilypond", "csharp", "http", "nolanguage", ""):
        assert name not in NAMES
        assert coloured("<a>", name, Allowance()) == "&lt;a&gt;"


def test_an_allowance_is_for_the_whole_message() -> None:
    block = "```py\nx = 1\n```\n"
    html = markup.render("".join(block.replace("py", name) for name in ("py", "js", "c", "go")))
    assert html.count("<span") > 3
    assert "<code>x = 1\n</code>" in html, "a fourth language is plain"
    long_line = "```py\nx = 1 # " + "y" * 200 + "\n```"
    assert "<span" not in markup.render(long_line)
