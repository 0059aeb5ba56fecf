"""Presence leases: a person is shown in a room until their lease ends, and each end is returned to one caller only.

MemoryLeases keeps them for one process; redis_leases.py keeps them for several.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Person:
    """`name`: what they were called when they came. Two of one id are one person."""

    id: int
    name: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Place:
    """A person in a room."""

    room_id: int
    person: Person


def by_name(people: Iterable[Person]) -> list[Person]:
    """In alphabetical order, without regard to case."""
    return sorted(people, key=lambda person: (person.name.lower(), person.id))


class Leases(Protocol):
    """The store of the leases. Durations in seconds. `forgotten`: it had lost them all, and was given ours again."""

    forgotten: bool

    async def hold(self, places: list[Place], seconds: float) -> list[Place]:
        """Begin or extend these leases. Returns those of people who were not shown in the room before."""

    async def shorten(self, place: Place, seconds: float) -> None:
        """Let the lease end in so many seconds, unless it is held again before."""

    async def expire(self) -> list[Place]:
        """Remove the leases that have ended. Each is returned once, to whichever process asks first."""

    async def here(self, room_id: int) -> list[Person]:
        """The people whose leases have not ended, by name."""

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
