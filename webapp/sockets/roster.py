"""All sockets of this process: whose they are, when their time is up, and the beat that says they are alive."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Protocol

from webapp.domain.accounts import Actor
from webapp.domain.errors import NotFound, SignedOut
from webapp.domain.events import Event, Values
from webapp.settings import Limits
from webapp.sockets import fragments
from webapp.sockets.codes import Close
from webapp.sockets.connection import Connection
from webapp.sockets.dispatch import Listener, handler
from webapp.sockets.frame import Frame
from webapp.sockets.quotas import Quota
from webapp.sockets.shapes import text, whole

log = logging.getLogger("tertulia.sockets")
SLICES = 10
TOO_MANY_WINDOWS = "You have too many windows open: this one, the oldest, has stopped."
TOO_MANY_AT_ADDRESS = "Too many windows are open at your address: this one, the oldest, has stopped."


class Guest(Protocol):
    """What a consumer is to the roster."""

    actor: Actor | None
    connection: Connection
    network: str

    def stop(self, code: int, reason: str) -> None: ...
    def session_ended(self, session: str) -> None: ...
    def membership_ended(self, room_id: int) -> None: ...
    async def check(self) -> None: ...


class Roster(Listener):
    """Consumers that have signed in, in slices of which one has its turn at each beat."""

    def __init__(self, limits: Limits, tell: Callable[[list[Event]], None]) -> None:
        self.per_person = Quota("person", limits.sockets_per_person, TOO_MANY_WINDOWS, tell)
        self.per_address = Quota("address", limits.sockets_per_address, TOO_MANY_AT_ADDRESS, tell)
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

    def greet(self, consumer: Guest) -> None:
        """A socket has opened, whosever it is."""
        if consumer.network:
            self.per_address.enter(consumer.network, consumer)

    def add(self, consumer: Guest) -> None:
        """It is somebody's, whose oldest closes when that is one too many."""
        assert consumer.actor is not None
        self.slices[id(consumer) // 64 % SLICES].add(consumer)
        self.people[consumer.actor.id][consumer] = None
        self.per_person.enter(str(consumer.actor.id), consumer)

    def discard(self, consumer: Guest) -> None:
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
        user, session = whole(event, "user"), text(event, "session")
        for consumer in tuple(self.people.get(user, ())):
            consumer.session_ended(session)

    @handler
    def memberships_ended(self, event: Values) -> None:
        user, room_id = whole(event, "user"), whole(event, "room")
        for consumer in tuple(self.people.get(user, ())):
            consumer.membership_ended(room_id)

    def beat(self) -> None:
        """The heartbeat of one slice; who has no session any more is sent back to the door."""
        now = time.time_ns() // 1000
        self.beats += 1
        for consumer in tuple(self.slices[self.beats % SLICES]):
            if consumer.actor is not None and consumer.actor.until <= now:
                consumer.stop(Close.COME_BACK, "Your session has to be renewed.")
            else:
                consumer.connection.write(self.frame)

    async def recheck(self) -> None:
        """Ask for every socket whether its right still stands: rights were taken and the event may not have come."""
        for consumer in [consumer for each in self.slices for consumer in each]:
            try:
                await consumer.check()
            except SignedOut:
                consumer.stop(Close.SIGNED_OUT, "You are signed out.")
            except NotFound:
                consumer.stop(Close.NO_RIGHT, "You are no longer in this room.")
            await asyncio.sleep(0)
