"""Blocks of code in colour, within an allowance: the lexers that are offered, and what a message may spend on them.

Pygments has lexers that take minutes for a thousand characters. Those offered here take time in proportion to their
input, given that its lines and its white space are short (tests/markup/test_lexers.py times them).
"""

import html
import re
import time
from dataclasses import dataclass, field
from functools import lru_cache
from io import StringIO
from typing import Any

from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_by_name

# Pygments' own name, and by what else people call it.
LANGUAGES = {
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
    "http": "",
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
NAMES = {name: language for language, others in LANGUAGES.items() for name in (language, *others.split())}
OPTIONS: dict[str, dict[str, Any]] = {"php": {"startinline": True}}
# Java's rule for methods tries every word as a type, over line ends too, in quadratic time: without it, the names of
# methods look like other names.
LEFT_OUT = {"java": r"[\w.\[\]$<>?]*\s+)+?)"}
LONG_LINE = re.compile(r"[^\n]{201}")
LONG_SPACE = re.compile(r"\s{81}")
CHECKED_EVERY = 16

formatter = HtmlFormatter(nowrap=True)


@dataclass(slots=True)
class Allowance:
    """What is left to one message: tokens, seconds of CPU, and languages, whose tables are built at their first use."""

    tokens: int = 2_000
    seconds: float = 0.1
    languages: int = 3
    used: set[str] = field(default_factory=set)

    def admits(self, language: str, code: str) -> bool:
        self.used.add(language)
        return (
            len(self.used) <= self.languages
            and self.tokens > 0
            and self.seconds > 0
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
    """The code as HTML; without colours when its language is not offered, or when it would cost too much."""
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
    """The code's tokens, None if they are more, or take longer, than the message is allowed."""
    tokens = []
    reading = lexer(language).get_tokens(code)
    start = time.process_time()
    for token in reading:
        tokens.append(token)
        if len(tokens) % CHECKED_EVERY == 0 and time.process_time() - start > allowance.seconds:
            break
        if len(tokens) > allowance.tokens:
            break
    else:
        allowance.tokens -= len(tokens)
        allowance.seconds -= time.process_time() - start
        return tokens
    allowance.tokens = 0
    return None
