"""Who is in a room now: one entry a person, however many windows; who comes back within the grace never left.

A lease says that somebody is here until a moment; the process that holds the person's sockets renews it, and any
process may find that one has run out. So a process that dies takes nobody's entry with it for longer than a lease.
"""

from collections import Counter
from collections.abc import Callable

from webapp.domain import events
from webapp.domain.events import Event
from webapp.services.leases import Leases, Person, Place


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
        """To be called more often than a lease lasts, and when Redis has come back."""
        if self.windows:
            back = await self.leases.hold(list(self.windows), self.lease)
            self.tell([changed(place, here=True) for place in back])
            if self.leases.forgotten:
                self.leases.forgotten = False
                self._look_again()

    async def recover(self) -> None:
        """Redis is back: put everybody there again, and let every process look who is where."""
        await self.renew()
        self._look_again()

    def _look_again(self) -> None:
        self.tell([events.presence_renewed(room_id) for room_id in {place.room_id for place in self.windows}])

    async def expire(self) -> None:
        """To be called about every second."""
        self.tell([changed(place, here=False) for place in await self.leases.expire()])

    async def here(self, room_id: int) -> list[Person]:
        return await self.leases.here(room_id)


def changed(place: Place, here: bool) -> Event:
    return events.presence_changed(place.room_id, place.person.id, place.person.name, here)
