"""Markdown to safe HTML of a bounded size; a body that would exceed it is shown as typed."""

import logging
import re
from collections.abc import Mapping
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

from webapp.markup import links, mentions
from webapp.markup.code import Allowance, coloured
from webapp.markup.plain import as_typed, plain_line

log = logging.getLogger("tertulia.markup")

RULES = (
    "normalize block inline text_join paragraph blockquote fence list escape newline backticks emphasis link autolink"
    " entity balance_pairs fragments_join"
)
TAGS = frozenset(("p", "br", "strong", "em", "code", "pre", "blockquote", "ul", "ol", "li", "a", "span"))
# A wide block scrolls, so it has to be focusable.
ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "a": frozenset(("href",)),
    "pre": frozenset(("tabindex",)),
    "span": frozenset(("class",)),
    "ol": frozenset(("start",)),
}
REL = "noopener noreferrer nofollow ugc"
STUB = "<p><em>This message cannot be shown.</em></p>"
MOST_BYTES = 65_536
MOST_ELEMENTS = 2_000
DEEPEST = 20
ELEMENT = re.compile(r"<[a-z]")


class TooMuch(Exception):
    """The HTML exceeds the size or depth of a message."""


class Parser(MarkdownIt):
    """Leave addresses as typed: the library's normalisation is not linear."""

    def normalizeLink(self, url: str) -> str:
        return links.safe(url) or ""

    def normalizeLinkText(self, url: str) -> str:
        return url

    def validateLink(self, url: str) -> bool:
        return bool(url)


def parser() -> Parser:
    made = Parser("zero", {"breaks": True, "maxNesting": DEEPEST + 2})
    known = {rule for rules in made.get_all_rules().values() for rule in rules}
    made.enable([rule for rule in dict.fromkeys(RULES.split()) if rule in known])
    made.block.ruler.before("fence", "depth", depth)
    made.inline.ruler.at("link", links.link)
    made.inline.ruler.at("autolink", links.autolink)
    made.inline.ruler.after("text", "web", links.web)
    made.inline.ruler.after("web", "mention", mentions.mention)
    made.core.ruler.before("text_join", "fuzzy", links.fuzzy)
    made.add_render_rule("fence", fence)
    return made


def depth(state: StateBlock, _start: int, _end: int, _silent: bool) -> bool:
    """What is nested deeper would be left out by the parser."""
    if state.level >= DEEPEST:
        raise TooMuch
    return False


def fence(_renderer: Any, tokens: Any, index: int, _options: Any, env: Any) -> str:
    language = "".join(tokens[index].info.strip().split(maxsplit=1)[:1])
    return f'<pre tabindex="0"><code>{coloured(tokens[index].content, language, env["allowance"])}</code></pre>\n'


markdown = parser()


def render(body: str) -> str:
    """Safe HTML for this source; a stub for one that cannot be rendered. Slow for long bodies: use the renderer."""
    return plain_line(body) or render_markdown(body)


def render_markdown(body: str) -> str:
    try:
        env: dict[str, Any] = {"allowance": Allowance()}
        found = checked(markdown.render(body, env))
        html = nh3.clean(found, tags=TAGS, attributes=ATTRIBUTES, url_schemes=links.SCHEMES, link_rel=REL)
        return checked(html.rstrip("\n"), env.get(mentions.COUNT, 0) * mentions.LONGEST_LINK)
    except TooMuch:
        return as_typed(body)
    except Exception:  # a room must open whatever a message does to the renderer
        log.exception("a message of %d characters could not be rendered", len(body))
        return STUB


def checked(html: str, spare: int = 0) -> str:
    """Raises TooMuch for HTML that is too large for a page that shows fifty of them, or nested too deep.

    `spare`: bytes by which it may grow.
    """
    if len(html) > MOST_BYTES - spare or len(html.encode(errors="replace")) > MOST_BYTES - spare:
        raise TooMuch
    if len(ELEMENT.findall(html)) > MOST_ELEMENTS:
        raise TooMuch
    return html
