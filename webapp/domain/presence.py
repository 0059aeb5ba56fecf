"""Who is in a room now: one entry a person, however many windows; who comes back within the grace never left.

A lease says that somebody is here until a moment; the process that holds the person's sockets renews it, and any
process may find that one has run out. So a process that dies takes nobody's entry with it for longer than a lease.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from webapp.domain import events
from webapp.domain.events import Event


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Place:
    """A person in a room."""

    room_id: int
    person: Person


class Leases(Protocol):
    """Where the leases are kept. Durations in seconds."""

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
        self.ends: dict[int, dict[Person, float]] = {}

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
        return sorted(self.ends.get(room_id, {}), key=lambda person: (person.name.lower(), person.id))

    async def close(self) -> None:
        self.ends.clear()


class Presence:
    """The people with sockets in this process, and what it tells of them."""

    def __init__(self, leases: Leases, tell: Callable[[list[Event]], None], grace: float, lease: float = 30.0) -> None:
        self.leases = leases
        self.tell = tell
        self.grace = grace
        self.lease = lease
        self.windows: Counter[Place] = Counter()

    async def arrive(self, place: Place) -> None:
        self.windows[place] += 1
        for fresh in await self.leases.hold([place], self.lease):
            self.tell([changed(fresh, here=True)])

    async def depart(self, place: Place) -> None:
        self.windows[place] -= 1
        if self.windows[place] <= 0:
            del self.windows[place]
            await self.leases.shorten(place, self.grace)

    async def renew(self) -> None:
        """To be called more often than a lease lasts."""
        if self.windows:
            back = await self.leases.hold(list(self.windows), self.lease)
            self.tell([changed(place, here=True) for place in back])

    async def expire(self) -> None:
        """To be called about every second."""
        self.tell([changed(place, here=False) for place in await self.leases.expire()])

    async def here(self, room_id: int) -> list[Person]:
        return await self.leases.here(room_id)


def changed(place: Place, here: bool) -> Event:
    return events.presence_changed(place.room_id, place.person.id, place.person.name, here)
