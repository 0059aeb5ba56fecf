"""Words that look like mentions: marked while a text is rendered, and linked once it is known whom they name.

`@ana` is marked as `<span class="mention">@ana</span>`. What somebody types is escaped, so only the renderer makes such
a mark, and one expression finds them all.
"""

import re
from collections.abc import Mapping

from markdown_it.rules_inline import StateInline

MOST = 100
"""Marked words of one text; those after them are text."""
LONGEST_LINK = 120
"""Characters by which a link is longer than its mark, at most."""
RUN = re.compile(r"_?([A-Za-z0-9][A-Za-z0-9._-]{0,63}+)")
BEFORE = re.compile(r"[\w@/.%+-]")
MARK = re.compile(r'<span class="mention">@(_?[A-Za-z0-9._-]{1,33})</span>')
COUNT = "mentions"
LONGEST_NAME = 32


def mention(state: StateInline, silent: bool) -> bool:
    """At an @ that stands neither in a word nor in a mail address; not in a link's text."""
    source, start = state.src, state.pos
    if source[start] != "@" or state.linkLevel or silent or (start and BEFORE.match(source, start - 1)):
        return False
    run = RUN.match(source, start + 1, state.posMax)
    name = run[1].rstrip("._-") if run else ""
    end = run.start(1) + len(name) if run else start
    if not 0 < len(name) <= LONGEST_NAME or (end < state.posMax and (source[end] == "@" or source[end].isalnum())):
        return False
    if state.env.get(COUNT, 0) >= MOST:
        return False
    state.env[COUNT] = state.env.get(COUNT, 0) + 1
    state.push("mention_open", "span", 1).attrs = {"class": "mention"}
    state.push("text", "", 0).content = source[start:end]
    state.push("mention_close", "span", -1)
    state.pos = end
    return True


def names(html: str) -> frozenset[str]:
    """The marked words of a rendered text, in lower case and without their @."""
    return frozenset(found.lower() for found in MARK.findall(html))


def linked(html: str, people: Mapping[str, int]) -> str:
    """A link for each marked word whose username has an id here; "room" has the room's. The others stay text."""

    def link(found: "re.Match[str]") -> str:
        word = found[1]
        name = word.lower()
        number = people.get(name.removeprefix("_"))
        if number is None or name == "_room":
            return f"@{word}"
        if name == "room":
            return f'<a class="mention" href="/rooms/{number}/members" data-mentions="room">@{word}</a>'
        return f'<a class="mention" href="/people/{number}" data-mentions="{number}">@{word}</a>'

    return MARK.sub(link, html)
