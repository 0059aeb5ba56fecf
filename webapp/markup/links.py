"""Links in Markdown, found in one pass: `[text](address)`, `<address>`, and bare addresses in the text.

markdown-it-py's own rules for brackets read the rest of the paragraph again for each of them, and linkify-it-py's
expressions backtrack. These use possessive quantifiers, which never give back what they took, and each starts where
the one before it ended.
"""

import re
import string
from collections.abc import Iterator, Mapping

from markdown_it.common.utils import unescapeAll
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline import autolink as pointed
from markdown_it.token import Token

SCHEMES = frozenset(("http", "https", "mailto"))
LONGEST = 2_048
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*+):")
# (address "title") behind a label: the address in <> or without spaces, with parentheses in it one level deep.
TAIL = re.compile(
    r"""\(\s*+(?:<(?P<pointed>(?:[^<>\n\\]|\\.)*+)>|(?P<bare>(?:[^\s()<\\]|\\.|\((?:[^\s()\\]|\\.)*+\))(?:[^\s()\\]|\\.|\((?:[^\s()\\]|\\.)*+\))*+))"""
    r"""(?:\s++(?:"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|\((?:[^()\\]|\\.)*+\)))?+\s*+\)"""
)
UNSAFE = re.compile(r"""[\s\x00-\x1f\x7f"<>`\\]""")
PIECE = re.compile(r"\\.|`++|[\[\]]", re.DOTALL)

RUN = re.compile(r"""[^\s<>"`\x00-\x1f\x7f]{1,2049}+""")
WEB = re.compile(r"https?://(?:[^\W_]|\[[0-9a-f:.]++\])", re.IGNORECASE)
WWW = re.compile(r"www\.[^\W_][\w-]*+\.[^\W_]", re.IGNORECASE)
BRACKET = re.compile(r"[()\[\]{}]")
OPENS: Mapping[str, str] = {")": "(", "]": "[", "}": "{"}
BEHIND = "?!.,:;*_~'([{、。，；：！？）」』】》”’…"
FUZZY = re.compile(r"(?<![\w@/.:-])www\.|@", re.IGNORECASE)
LOCAL = string.ascii_letters + string.digits + "._%+-"
LONGEST_LOCAL = 64
DOMAIN = re.compile(r"[^\W_](?:[^\W_]|-|\.(?=[^\W_])){0,252}+")
TOP = re.compile(r"[^\W\d_]{2}[\w-]*+")


def safe(address: str) -> str | None:
    """The address as an attribute may hold it, None if it is of a scheme that is not allowed here."""
    scheme = SCHEME.match(address)
    if not address or len(address) > LONGEST or (scheme and scheme[1].lower() not in SCHEMES):
        return None
    return UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), address)


# -- [text](address)


def link(state: StateInline, _silent: bool) -> bool:
    """The outermost label is the link; in it, brackets are text."""
    start, maximum = state.pos, state.posMax
    if state.src[start] != "[" or state.linkLevel:
        return False
    end = labels(state).get(start, maximum)
    tail = TAIL.match(state.src, end + 1, maximum) if end < maximum else None
    address = None if tail is None else safe(unescapeAll(tail["bare"] or tail["pointed"] or ""))
    if tail is None or address is None:
        return False
    state.pos, state.posMax = start + 1, end
    state.push("link_open", "a", 1).attrs = {"href": address}
    state.linkLevel += 1
    state.md.inline.tokenize(state)
    state.linkLevel -= 1
    state.push("link_close", "a", -1)
    state.pos, state.posMax = tail.end(), maximum
    return True


def labels(state: StateInline) -> dict[int, int]:
    """{position of [: position of its ]}, computed once per source."""
    known = state.env.get("labels")
    if known is None or known[0] is not state.src:
        known = state.env["labels"] = (state.src, dict(pairs(state.src)))
    return known[1]


def pairs(source: str) -> Iterator[tuple[int, int]]:
    """(position of [, position of its ]), without those that are escaped or in code."""
    closers: dict[int, list[int]] = {}
    for run in re.finditer("`++", source):
        closers.setdefault(len(run[0]), []).append(run.start())
    for positions in closers.values():
        positions.reverse()
    opened: list[int] = []
    after = 0
    for piece in PIECE.finditer(source):
        if piece.start() < after:
            continue
        if piece[0] == "[":
            opened.append(piece.start())
        elif piece[0] == "]" and opened:
            yield opened.pop(), piece.start()
        elif piece[0][0] == "`":
            after = end_of_code(closers, piece)


def end_of_code(closers: dict[int, list[int]], run: "re.Match[str]") -> int:
    """Where the code ends that this run of backticks opens; 0 if none of its length follows."""
    positions = closers.get(len(run[0]), [])
    while positions and positions[-1] <= run.start():
        positions.pop()
    return positions[-1] + len(run[0]) if positions else 0


def autolink(state: StateInline, silent: bool) -> bool:
    """`<address>`, except inside a link."""
    return not state.linkLevel and pointed(state, silent)


# -- bare addresses


def web(state: StateInline, _silent: bool) -> bool:
    """At the colon of http:// and https://, before emphasis can take an underscore of the address."""
    source, colon = state.src, state.pos
    if state.linkLevel or not source.startswith("://", colon):
        return False
    scheme = next((each for each in ("https", "http") if source[max(0, colon - len(each)) : colon].lower() == each), "")
    start = colon - len(scheme)
    if not scheme or (start > 0 and source[start - 1].isalnum()) or not WEB.match(source, start, state.posMax):
        return False
    if not state.pending.endswith(source[start:colon]):  # its first letter was escaped
        return False
    end = end_of(source, start, state.posMax)
    address = safe(source[start:end])
    state.pos = end
    if address is None:  # too long: it is text, and is not looked at again
        state.append_pending(source[colon:end])
        return True
    state.pending = state.pending[: -len(scheme)]
    state.push("link_open", "a", 1).attrs = {"href": address}
    state.push("text", "", 0).content = source[start:end]
    state.push("link_close", "a", -1)
    return True


def end_of(text: str, start: int, stop: int) -> int:
    """Where the address that starts here ends: before a bracket it did not open, and before punctuation."""
    run = RUN.match(text, start, stop)
    end = run.end() if run else start
    opened: list[str] = []
    for bracket in BRACKET.finditer(text, start, end):
        if bracket[0] not in OPENS:
            opened.append(bracket[0])
        elif not opened or opened.pop() != OPENS[bracket[0]]:
            end = bracket.start()
            break
    return start + len(text[start:end].rstrip(BEHIND))


def fuzzy(state: StateCore) -> None:
    """www names and mail addresses in what is still text when the paragraph has been parsed."""
    for block in state.tokens:
        if block.type == "inline" and ("@" in block.content or "www." in block.content.lower()):
            block.children = list(linked(block.children or []))


def linked(tokens: list[Token]) -> Iterator[Token]:
    inside = 0
    for token in tokens:
        inside += {"link_open": 1, "link_close": -1}.get(token.type, 0)
        if token.type != "text" or inside:
            yield token
            continue
        at = 0
        for start, end, address in addresses(token.content):
            yield text_token(token.content[at:start])
            yield Token("link_open", "a", 1, attrs={"href": address})
            yield text_token(token.content[start:end])
            yield Token("link_close", "a", -1)
            at = end
        yield text_token(token.content[at:])


def text_token(content: str) -> Token:
    return Token("text", "", 0, content=content)


def addresses(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, address) of each, in their order."""
    at = 0
    while (found := FUZZY.search(text, at)) is not None:
        start, end, address = mail(text, found.start(), at) if found[0] == "@" else name(text, found.start())
        if address is not None:
            yield start, end, address
        at = max(end, found.end())


def name(text: str, start: int) -> tuple[int, int, str | None]:
    """www.example.org, which is asked for by https as browsers do it first."""
    if not WWW.match(text, start):
        return start, start, None
    end = end_of(text, start, len(text))
    return start, end, safe(f"https://{text[start:end]}")


def mail(text: str, sign: int, since: int) -> tuple[int, int, str | None]:
    before = text[max(since, sign - LONGEST_LOCAL - 1) : sign]
    local = before[len(before.rstrip(LOCAL)) :].lstrip("._%+-")
    domain = DOMAIN.match(text, sign + 1)
    top = domain[0].rpartition(".") if domain else ("", "", "")
    if not 0 < len(local) <= LONGEST_LOCAL or domain is None or not top[1] or not TOP.fullmatch(top[2]):
        return sign, domain.end() if domain else sign, None
    start, end = sign - len(local), domain.end()
    return start, end, safe(f"mailto:{text[start:end]}")
