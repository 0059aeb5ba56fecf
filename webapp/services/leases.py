"""Leases on being somewhere: who holds one is here until it ends, and every end is told once.

These are kept in memory, for one process; redis_leases.py keeps them for several.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Place:
    """A person in a room."""

    room_id: int
    person: Person


def by_name(people: Iterable[Person]) -> list[Person]:
    return sorted(people, key=lambda person: (person.name.lower(), person.id))


class Leases(Protocol):
    """Where the leases are kept. Durations in seconds. `forgotten`: the place had lost them all, and has them again."""

    forgotten: bool

    async def hold(self, places: list[Place], seconds: float) -> list[Place]:
        """Extend or begin these leases; returns the places at which nobody was before."""

    async def shorten(self, place: Place, seconds: float) -> None:
        """Let the lease end in so many seconds, unless somebody holds it again."""

    async def expire(self) -> list[Place]:
        """Take away the leases that have run out. Each is returned once, whoever asks."""

    async def here(self, room_id: int) -> list[Person]:
        """Whose leases are alive, by name."""

    async def close(self) -> None: ...


class MemoryLeases:
    """The leases of one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.forgotten = False
        self.ends: dict[int, dict[Person, float]] = {}

    @property
    def places(self) -> list[Place]:
        return [Place(room_id, person) for room_id, people in self.ends.items() for person in people]

    async def hold(self, places: list[Place], seconds: float) -> list[Place]:
        until = self.clock() + seconds
        fresh = [place for place in places if place.person not in self.ends.get(place.room_id, {})]
        for place in places:
            self.ends.setdefault(place.room_id, {})[place.person] = until
        return fresh

    async def shorten(self, place: Place, seconds: float) -> None:
        if place.person in self.ends.get(place.room_id, {}):
            self.ends[place.room_id][place.person] = self.clock() + seconds

    async def expire(self) -> list[Place]:
        now = self.clock()
        over = [
            Place(room_id, person)
            for room_id, people in self.ends.items()
            for person, end in people.items()
            if end <= now
        ]
        for place in over:
            people = self.ends[place.room_id]
            del people[place.person]
            if not people:
                del self.ends[place.room_id]
        return over

    async def here(self, room_id: int) -> list[Person]:
        return by_name(self.ends.get(room_id, {}))

    async def close(self) -> None:
        self.ends.clear()
