"""The emoji that people may react with, by their English names. VERSION in this folder says where they come from."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LONGEST_QUERY = 60
FOUND = 120
GROUPS: Sequence[str] = (
    "smileys", "people", "animals", "food", "travel", "activities", "objects", "symbols", "flags"
)  # fmt: skip
USUAL: Sequence[str] = ("👍", "❤️", "😂", "🎉", "😮", "😢", "🙏", "👀")
"""Offered to people who have not reacted to anything yet."""


@dataclass(frozen=True, slots=True)
class Emoji:
    """`words`: those of its name first, then others that it is found by."""

    text: str
    group: str
    name: str
    words: tuple[str, ...]


def read(lines: Iterable[str]) -> dict[str, Emoji]:
    """By text, in Unicode's order."""
    found = {}
    for line in lines:
        text, group, name, others = line.rstrip("\n").split("\t")
        found[text] = Emoji(text, group, name, (*words_of(name), *words_of(others)))
    return found


def words_of(text: str) -> list[str]:
    return re.findall(r"[\w+-]+", text.lower())


EMOJI: Mapping[str, Emoji] = read((Path(__file__).parent / "emoji.tsv").read_text("utf-8").splitlines())


def name(text: str) -> str:
    """What it is called. Another release may know more of them."""
    return EMOJI[text].name if text in EMOJI else "emoji"


def search(query: str) -> list[Emoji]:
    """Emoji with a word for each word of the query that begins with it: first those called so. At most FOUND."""
    wanted = words_of(query[:LONGEST_QUERY])
    if not wanted:
        return []
    found = [each for each in EMOJI.values() if all(any(w.startswith(q) for w in each.words) for q in wanted)]
    return sorted(found, key=lambda each: rank(each, wanted))[:FOUND]


def rank(found: Emoji, wanted: Sequence[str]) -> int:
    """0 for what is called so, 1 if the words are in the name, 2 if they are among the others."""
    own = words_of(found.name)
    if own == list(wanted):
        return 0
    return 1 if all(any(word.startswith(each) for word in own) for each in wanted) else 2


def in_group(group: str) -> list[Emoji]:
    return [each for each in EMOJI.values() if each.group == group]


def recent(used: Iterable[str], most: int) -> list[Emoji]:
    """Those that were used, each once, then the usual ones."""
    known = dict.fromkeys(text for text in (*used, *USUAL) if text in EMOJI)
    return [EMOJI[text] for text in list(known)[:most]]
