"""The sockets of this process by person: ends them when a right ends, and sends their heartbeat."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable

from webapp.domain.events import DOORS_GROUP, Event, Values
from webapp.settings import Limits
from webapp.sockets import fragments
from webapp.sockets.codes import Close
from webapp.sockets.dispatch import Dispatcher, Listener, handler, named_by
from webapp.sockets.frame import Frame
from webapp.sockets.guest import Guest
from webapp.sockets.quotas import Quota
from webapp.sockets.shapes import text, whole

log = logging.getLogger("tertulia.sockets")
SLICES = 10
TOO_MANY_WINDOWS = "You have too many windows open: this one, the oldest, has stopped."
TOO_MANY_AT_ADDRESS = "Too many windows are open at your address: this one, the oldest, has stopped."


class Roster(Listener):
    """`expected` are consumers whose rights are being read; the others are of `people`, and in slices for the beat."""

    def __init__(self, limits: Limits, tell: Callable[[list[Event]], None]) -> None:
        self.per_person = Quota("person", limits.sockets_per_person, TOO_MANY_WINDOWS, tell)
        self.per_address = Quota("address", limits.sockets_per_address, TOO_MANY_AT_ADDRESS, tell)
        self.dispatcher = Dispatcher()
        self.expected: set[Guest] = set()
        self.slices: list[set[Guest]] = [set() for _ in range(SLICES)]
        self.people: defaultdict[int, dict[Guest, None]] = defaultdict(dict)
        self.beats = 0
        self.frame = Frame(fragments.heartbeat())
        self.welcome = Frame(fragments.heartbeat() + fragments.no_notice())

    def __len__(self) -> int:
        return sum(len(each) for each in self.slices)

    @property
    def quotas(self) -> tuple[Quota, Quota]:
        return self.per_person, self.per_address

    def expect(self, consumer: Guest) -> None:
        """Its rights are about to be read: if anybody's end from now on, it is told to doubt them."""
        self.expected.add(consumer)

    def greet(self, consumer: Guest) -> None:
        """A socket has opened, whosever it is."""
        if consumer.network:
            self.per_address.enter(consumer.network, consumer)

    def add(self, consumer: Guest) -> None:
        """It is somebody's, whose oldest closes when that is one too many."""
        assert consumer.actor is not None
        self.expected.discard(consumer)
        self.slices[id(consumer) // 64 % SLICES].add(consumer)
        self.people[consumer.actor.id][consumer] = None
        self.per_person.enter(str(consumer.actor.id), consumer)

    def discard(self, consumer: Guest) -> None:
        self.expected.discard(consumer)
        self.per_address.leave(consumer.network, consumer)
        self.slices[id(consumer) // 64 % SLICES].discard(consumer)
        if consumer.actor is None:
            return
        self.per_person.leave(str(consumer.actor.id), consumer)
        if (own := self.people.get(consumer.actor.id)) is not None:
            own.pop(consumer, None)
            if not own:
                del self.people[consumer.actor.id]

    @handler
    def sessions_ended(self, event: Values) -> None:
        text(event, "session")
        self._hand_on(event)

    @handler
    def memberships_ended(self, event: Values) -> None:
        whole(event, "room")
        self._hand_on(event)

    def _hand_on(self, event: Values) -> None:
        """To the consumers of the event's user that have a handler for it."""
        user, name = whole(event, "user"), named_by(event)
        self._doubt()
        concerned = [consumer for consumer in self.people.get(user, ()) if name in consumer.handlers]
        if concerned:
            self.dispatcher.dispatch(event, concerned, DOORS_GROUP)

    def _doubt(self) -> None:
        for consumer in self.expected:
            consumer.doubt()

    def beat(self) -> None:
        """The heartbeat of one slice; a consumer whose session is over is told to come back with a new handshake."""
        now = time.time_ns() // 1000
        self.beats += 1
        for consumer in tuple(self.slices[self.beats % SLICES]):
            if consumer.actor is not None and consumer.actor.until <= now:
                consumer.stop(Close.COME_BACK, "Your session has to be renewed.")
            else:
                consumer.connection.write(self.frame)

    async def recheck(self) -> None:
        """Ask for every socket whether its right still stands: rights were taken and the event may not have come.

        Raises Unavailable.
        """
        self._doubt()
        for consumer in [consumer for each in self.slices for consumer in each]:
            await consumer.recheck()
            await asyncio.sleep(0)
