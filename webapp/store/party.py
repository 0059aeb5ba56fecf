"""The people of a direct room, as its row keeps them: `3.7.9`, and once somebody has left `3.7.9/42/7`.

The key of a complete set is unique, so that two who ask for the same people get one room. Whoever leaves changes it:
the number of the room follows, then those who have left, and the same set gets a new room when it is asked for again.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Party:
    """`people`: all that the room was made for, by number. `left`: those of them who are not in it any more."""

    people: tuple[int, ...]
    left: tuple[int, ...] = ()

    def without(self, user_id: int) -> "Party":
        return Party(self.people, tuple(sorted({*self.left, user_id})))

    def key(self, room_id: int = 0) -> str:
        """`room_id` is asked for when somebody has left."""
        return f"{dotted(self.people)}/{room_id}/{dotted(self.left)}" if self.left else dotted(self.people)


def party_of(key: str | None) -> Party | None:
    """None for a room that is not direct."""
    if key is None:
        return None
    people, _, rest = key.partition("/")
    return Party(numbers(people), numbers(rest.partition("/")[2]))


def party(ids: Iterable[int]) -> Party:
    """Of exactly these people."""
    return Party(tuple(sorted(set(ids))))


def dotted(ids: Iterable[int]) -> str:
    return ".".join(map(str, ids))


def numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split("."))) if text else ()
