"""Highlights code blocks within a budget: the offered lexers, and the tokens that one message may use.

Pygments has lexers that take minutes for a thousand characters. Those offered here take time in proportion to their
input, given that its lines and its white space are short and its tokens few (tests/markup/test_lexers.py times them).
The worst that is known, 8,000 characters of comments that do not end, takes 0.11 s.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from io import StringIO
from itertools import islice
from typing import Any

from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_by_name

# Pygments' own name, and by what else people call it. None of them reads a part of its code with a lexer that the code
# names (as `http` does by its Content-Type), so no other lexer can be reached.
LANGUAGES: Mapping[str, str] = {
    "bash": "sh shell zsh",
    "c": "h",
    "console": "shell-session",
    "cpp": "c++ cc hpp",
    "css": "",
    "dart": "",
    "diff": "patch udiff",
    "docker": "dockerfile",
    "elixir": "ex exs",
    "go": "golang",
    "haskell": "hs",
    "html": "htm",
    "ini": "cfg conf",
    "java": "",
    "javascript": "js jsx node",
    "json": "jsonc",
    "kotlin": "kt",
    "lua": "",
    "make": "makefile mk",
    "nginx": "",
    "perl": "pl",
    "php": "",
    "powershell": "ps1 pwsh",
    "python": "py python3 py3",
    "r": "",
    "ruby": "rb",
    "rust": "rs",
    "scss": "",
    "sql": "",
    "swift": "",
    "toml": "",
    "typescript": "ts tsx",
    "xml": "svg",
    "yaml": "yml",
}
NAMES: Mapping[str, str] = {
    name: language for language, others in LANGUAGES.items() for name in (language, *others.split())
}
OPTIONS: Mapping[str, Mapping[str, Any]] = {"php": {"startinline": True}}
# Java's rule for methods tries every word as a type, over line ends too, in quadratic time: without it, the names of
# methods look like other names.
LEFT_OUT: Mapping[str, str] = {"java": r"[\w.\[\]$<>?]*\s+)+?)"}
LONG_LINE = re.compile(r"[^\n]{201}")
LONG_SPACE = re.compile(r"\s{81}")

formatter = HtmlFormatter(nowrap=True)


@dataclass(slots=True)
class Allowance:
    """The budget left to one message: tokens, and languages, whose tables are built at first use.

    It counts and takes no time, so that a message looks the same however busy the machine is.
    """

    tokens: int = 2_000
    languages: int = 3
    used: set[str] = field(default_factory=set)

    def admits(self, language: str, code: str) -> bool:
        self.used.add(language)
        return (
            len(self.used) <= self.languages
            and self.tokens > 0
            and not LONG_LINE.search(code)
            and not LONG_SPACE.search(code)
        )


@lru_cache(maxsize=len(LANGUAGES))
def lexer(language: str) -> Any:
    made = get_lexer_by_name(language, stripnl=False, **OPTIONS.get(language, {}))
    if language not in LEFT_OUT:
        return made
    kind: Any = type(made)
    root = [
        rule for rule in kind.tokens["root"] if not (isinstance(rule, tuple) and LEFT_OUT[language] in str(rule[0]))
    ]
    return type(kind.__name__, (kind,), {"tokens": {**kind.tokens, "root": root}})(stripnl=False)


def coloured(code: str, name: str, allowance: Allowance) -> str:
    """The code as HTML; not highlighted when its language is unknown or the budget is used up."""
    language = NAMES.get(name.lower())
    if language is None or not allowance.admits(language, code):
        return html.escape(code)
    tokens = lexed(code, language, allowance)
    if tokens is None:
        return html.escape(code)
    text = StringIO()
    formatter.format(tokens, text)
    return text.getvalue()


def lexed(code: str, language: str, allowance: Allowance) -> list[Any] | None:
    """The code's tokens, None when they exceed the budget. Lexed lazily, so that the excess is not computed."""
    tokens = list(islice(lexer(language).get_tokens(code), allowance.tokens))
    allowance.tokens -= len(tokens)
    return tokens if allowance.tokens else None
