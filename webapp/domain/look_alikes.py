"""What of a name can be seen, and which names cannot be told apart by who reads them.

Source: Unicode 14, general categories; its default-ignorable code points; a part of its table of confusables.
"""

import unicodedata
from collections.abc import Mapping

HIDDEN = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2800\u3164\uffa0\U0001d159")
"""Letters, marks and symbols without a visible glyph."""
JOINERS = "\u200c\u200d"
SELECTOR = "\ufe0f"
UNJOINED = ("LATIN", "GREEK", "CYRILLIC", "HANGUL", "CJK", "HIRAGANA", "KATAKANA", "COMBINING")
NEWER_EMOJI = range(0x1F000, 0x1FB00)
"""Python 3.11 does not know the newest of these."""
# In small letters, for names are compared so: Cyrillic, Greek, Armenian, what looks like an o or an l, quotes, dashes.
ALIKE: Mapping[int, int] = str.maketrans(
    "\u0430\u0435\u0456\u0458\u043e\u0440\u0441\u0443\u0455\u0445\u0432\u043a\u043c\u043d\u0442\u04cf"
    "\u03b1\u03b2\u03b5\u03b6\u03b7\u03b9\u03ba\u03bc\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7"
    "\u04bb\u0501\u051b\u051d\u04af\u0585\u0570\u0578\u057d\u0261\u0251"
    "01|i\u0131"
    "\u2018\u2019\u02bc`\u2010\u2012\u2013\u2014\u2212",
    "aeljopcysxbkmhtl" + "abezhlkmnoptyx" + "hdqwyohnuga" + "ollll" + "''''-----",
)


def visible(text: str) -> str:
    """The text without invisible characters. Joiners and selectors stay where they change the glyph."""
    return "".join(c for place, c in enumerate(text) if is_seen(text, place))


def is_seen(text: str, place: int) -> bool:
    c = text[place]
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    if c in JOINERS:
        return joins(before) and joins(after)
    if c == SELECTOR:
        return is_emoji(before)
    if c in BLANK or 0xFE00 <= ord(c) <= 0xFE0E or 0xE0000 <= ord(c) <= 0xE0FFF:
        return False
    return c.isspace() or is_emoji(c) or unicodedata.category(c) not in {*HIDDEN, "Cn"}


def joins(c: str) -> bool:
    """Whether a joiner beside it can change the glyph: an emoji, or a letter of a joining script."""
    if not c or is_emoji(c) or c == SELECTOR:
        return bool(c)
    return unicodedata.category(c)[0] in "LM" and not unicodedata.name(c, "").startswith(UNJOINED)


def is_emoji(c: str) -> bool:
    return bool(c) and (unicodedata.category(c) == "So" or ord(c) in NEWER_EMOJI)


def has_substance(text: str) -> bool:
    """Whether it has a letter, digit, sign or symbol, not only marks and spaces."""
    return any(unicodedata.category(c)[0] in "LNPS" or is_emoji(c) for c in text)


def skeleton(name: str) -> str:
    """A key that is equal for names that look the same. It ignores joiners and selectors."""
    plain = "".join(c for c in visible(name) if c not in JOINERS + SELECTOR)
    folded = unicodedata.normalize("NFKC", plain).casefold()
    return "".join(folded.translate(ALIKE).replace("rn", "m").split())[:120]
