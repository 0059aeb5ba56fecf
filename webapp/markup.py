"""Message bodies: a small Markdown, rendered to safe HTML once and kept beside its source."""

import html
import logging
import re
from typing import Any

import nh3
from markdown_it import MarkdownIt
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

log = logging.getLogger("tertulia.markup")

RULES = (
    "normalize block inline linkify text_join paragraph blockquote fence list escape newline backticks emphasis"
    " link autolink entity linkify balance_pairs fragments_join"
)
SCHEMES = {"http", "https", "mailto"}
TAGS = {"p", "br", "strong", "em", "code", "pre", "blockquote", "ul", "ol", "li", "a", "span"}
# A wide block scrolls by itself, hence it can be reached by the keyboard.
ATTRIBUTES = {"a": {"href"}, "pre": {"tabindex"}, "span": {"class"}, "ol": {"start"}}
REL = "noopener noreferrer nofollow ugc"
# Most messages are a line of words and such punctuation as neither Markdown nor HTML nor a link is made of. Such a one
# is its own rendering (a test compares the two).
PLAIN = re.compile(r"""[^\W\d_](?:[^\W_]|[ ,;?!'"()…–—-]|[.:](?=[ .]|$))*(?<! )""")
STUB = "<p><em>This message cannot be shown.</em></p>"
formatter = HtmlFormatter(nowrap=True)


def highlighted(code: str, language: str, _attributes: str) -> str:
    try:
        return str(highlight(code, get_lexer_by_name(language), formatter)) if language else html.escape(code)
    except ClassNotFound:
        return html.escape(code)


def parser() -> MarkdownIt:
    made = MarkdownIt("zero", {"breaks": True, "linkify": True, "highlight": highlighted, "maxNesting": 10})
    known = {rule for rules in made.get_all_rules().values() for rule in rules}
    made.enable([rule for rule in dict.fromkeys(RULES.split()) if rule in known])
    made.add_render_rule("fence", fence)
    return made


def fence(renderer: Any, tokens: Any, index: int, options: Any, _env: Any) -> str:
    language = "".join(tokens[index].info.strip().split(maxsplit=1)[:1])
    return f'<pre tabindex="0"><code>{options.highlight(tokens[index].content, language, "")}</code></pre>\n'


markdown = parser()


def render(body: str) -> str:
    """Safe HTML for this source; a stub for one that cannot be rendered. Slow for long bodies: use a thread."""
    if PLAIN.fullmatch(body):
        return f"<p>{body}</p>"
    return render_markdown(body)


def render_markdown(body: str) -> str:
    try:
        return nh3.clean(
            markdown.render(body),
            tags=TAGS,
            attributes=ATTRIBUTES,
            url_schemes=SCHEMES,
            link_rel=REL,
        ).rstrip("\n")
    except Exception:  # whatever a message does to the renderer, its room must still open
        log.exception("a message of %d characters could not be rendered", len(body))
        return STUB
