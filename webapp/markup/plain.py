"""Bodies that need no parser: a plain line, a source shown as typed; and the test for what is cheap to parse."""

import html
import re

# Most messages are a line of words and such punctuation as neither Markdown nor HTML nor a link is made of. Such a one
# is its own rendering (a test compares the two).
PLAIN = re.compile(r"""[^\W\d_](?:[^\W_]|[ ,;?!'"()…–—-]|[.:](?=[ .]|$))*(?<! )""")
# Words, spaces and these pass through the parser hundreds at a time; every other character costs it up to 40 us.
CHEAP = re.compile(r"""(?:[^\W_]|[ ,;?'"()./…–—])+""")
LONGEST_LIGHT = 2_000
MOST_MARKS = 60
FENCES = ("```", "~~~")


def plain_line(body: str) -> str | None:
    """The HTML of a body that is one plain line; None for any other body."""
    return f"<p>{body}</p>" if PLAIN.fullmatch(body) else None


def as_typed(body: str) -> str:
    """Safe HTML that shows the source itself, in one element that keeps its line breaks."""
    return f'<p class="typed">{html.escape(body, quote=False)}</p>'


def light(body: str) -> bool:
    """Whether the parser takes no more than about 2 ms for it, whatever it is: short, few marks, no block of code."""
    if len(body) > LONGEST_LIGHT or any(fence in body for fence in FENCES):
        return False
    return len(CHEAP.sub("", body)) <= MOST_MARKS
