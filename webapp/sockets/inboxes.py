"""Looks up what waits in the inboxes of people with sockets here, and lets their pages show it.

An event says whose inbox has changed, and the store what is in it now. What was not told is found by the sweep.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Mapping

from webapp.domain import notifications
from webapp.domain.events import Values
from webapp.domain.notifications import Call
from webapp.services.resources import Resources
from webapp.sockets import fragments
from webapp.sockets.dispatch import Listener, handler
from webapp.sockets.frame import Frame
from webapp.sockets.reader import Reader
from webapp.sockets.shapes import numbers
from webapp.store.database import Unavailable

log = logging.getLogger("tertulia.unread")
TOGETHER_SECONDS = 0.2
"""A change is looked up after this: who reads its message in another process has said so by then."""
LOADED_TOGETHER = 50
MARGIN = 90_000_000
"""Microseconds that clocks and transactions may differ by."""
TRIM_SECONDS = 60.0
"""Between two looks for inboxes with more entries than they keep."""


class Inboxes(Listener):
    """`wanted` are the people whose inboxes are to be read. `swept`: when each changed last, by the sweep before."""

    def __init__(self, resources: Resources, readers: Mapping[int, Reader]) -> None:
        self.resources = resources
        self.readers = readers
        self.wanted: set[int] = set()
        self.swept: Mapping[int, int] = {}
        self.trimmed = 0
        self.waiting: asyncio.TimerHandle | None = None
        self.task: asyncio.Task[None] | None = None

    @handler
    def inboxes_changed(self, event: Values) -> None:
        here = {user_id for user_id in numbers(event, "users") if user_id in self.readers}
        self.wanted |= here
        if here and self.waiting is None:
            self.waiting = asyncio.get_running_loop().call_later(TOGETHER_SECONDS, self._start)

    def compare(self, changed: Mapping[int, int]) -> None:
        """When inboxes changed lately: what is news since the last time is looked up, and what could not be before."""
        self.wanted |= {each for each, moment in changed.items() if self.swept.get(each) != moment}
        self.swept = changed
        self._start()

    def want(self, user_id: int) -> None:
        self.wanted.add(user_id)
        self._start()

    def _start(self) -> None:
        if self.waiting is not None:
            self.waiting.cancel()
            self.waiting = None
        self.wanted &= self.readers.keys()
        if self.wanted and self.task is None:
            self.task = asyncio.create_task(self._load(), name="inboxes")

    async def _load(self) -> None:
        users: list[int] = []
        try:
            while self.wanted:
                users = [self.wanted.pop() for _ in range(min(LOADED_TOGETHER, len(self.wanted)))]
                found: defaultdict[int, list[Call]] = defaultdict(list)
                for call in await self.resources.work.read(notifications.unseen, users):
                    found[call.user_id].append(call)
                for user_id in users:
                    if (reader := self.readers.get(user_id)) is not None:
                        reader.take(found[user_id])
                        self._tell(reader)
        except Unavailable as error:
            self.wanted.update(users)
            log.warning("inboxes have to wait for the next sweep: %s", error)
        finally:
            self.task = None

    def _tell(self, reader: Reader) -> None:
        """Pages without a room: one of them may be the inbox."""
        frame = Frame(fragments.inbox_changed())
        for guest, room_id in reader.guests.items():
            if not room_id:
                guest.connection.write(frame)

    async def trim(self) -> None:
        """Remove the oldest entries of inboxes that have too many. Raises Unavailable."""
        work, since, moment = self.resources.work, self.trimmed, time.time_ns() // 1000
        full = await work.read(notifications.overfull, since)
        for start in range(0, len(full), LOADED_TOGETHER):
            await work.write(notifications.trim, full[start : start + LOADED_TOGETHER])
        self.trimmed = moment - MARGIN

    async def close(self) -> None:
        if self.waiting is not None:
            self.waiting.cancel()
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
