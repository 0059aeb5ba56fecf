"""Says who is in a room: one entry for each person, however many windows; who returns within the grace never left.

A lease says that a person is here until some time. The process that has the person's sockets renews it, and any process
may find that it has ended: so the people of a process that crashed are shown for one lease at most.
"""

from collections import Counter
from collections.abc import Callable

from webapp.domain import events
from webapp.domain.events import Event
from webapp.services.leases import Leases, Person, Place


class Presence:
    """Counts the sockets of each person in each room of this process, and in all; publishes who comes and goes.

    `grace`, `lease`: seconds for which a person is shown after their last socket has closed, or the process crashed.
    """

    def __init__(self, leases: Leases, tell: Callable[[list[Event]], None], grace: float, lease: float = 30.0) -> None:
        self.leases = leases
        self.tell = tell
        self.grace = grace
        self.lease = lease
        self.windows: Counter[Place] = Counter()
        self.people: Counter[int] = Counter()

    async def arrive(self, place: Place) -> None:
        """A socket of this person has joined the room."""
        self.windows[place] += 1
        self.people[place.person.id] += 1
        for fresh in await self.leases.hold([place], self.lease):
            self.tell([changed(fresh, here=True)])

    async def depart(self, place: Place) -> None:
        """A socket that had joined is closed."""
        self.people[place.person.id] -= 1
        if self.people[place.person.id] <= 0:
            del self.people[place.person.id]
        self.windows[place] -= 1
        if self.windows[place] <= 0:
            del self.windows[place]
            await self.leases.shorten(place, self.grace)

    async def renew(self) -> None:
        """Renew the leases of this process: to be called more often than a lease lasts, and when Redis is back."""
        if self.windows:
            back = await self.leases.hold(list(self.windows), self.lease)
            self.tell([changed(place, here=True) for place in back])
            if self.leases.forgotten:
                self.leases.forgotten = False
                self._look_again()

    async def recover(self) -> None:
        """Redis is back: renew the leases, and let every process read the lists again."""
        await self.renew()
        self._look_again()

    def _look_again(self) -> None:
        self.tell([events.presence_renewed(room_id) for room_id in {place.room_id for place in self.windows}])

    async def expire(self) -> None:
        """Publish who has left: to be called about every second."""
        self.tell([changed(place, here=False) for place in await self.leases.expire()])

    async def here(self, room_id: int) -> list[Person]:
        """Who is in the room, by name."""
        return await self.leases.here(room_id)


def changed(place: Place, here: bool) -> Event:
    return events.presence_changed(place.room_id, place.person.id, place.person.name, here)
