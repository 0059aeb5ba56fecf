"""Periodic tasks: heartbeat, sweep, presence renewal and expiry, renewal of quotas."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

from webapp.services import here, marks
from webapp.services.resources import Resources
from webapp.settings import Settings
from webapp.sockets.inboxes import TRIM_SECONDS
from webapp.sockets.people import PeopleWatcher
from webapp.sockets.quotas import RENEW_SECONDS
from webapp.sockets.readers import Readers
from webapp.sockets.rooms import Rooms
from webapp.sockets.roster import SLICES, Roster
from webapp.store.database import Unavailable

log = logging.getLogger("tertulia.pulse")


class Pulse:
    """Its loops go on whatever happens in them."""

    def __init__(
        self,
        settings: Settings,
        resources: Resources,
        rooms: Rooms,
        roster: Roster,
        people: PeopleWatcher,
        readers: Readers,
    ) -> None:
        self.settings = settings
        self.resources = resources
        self.rooms = rooms
        self.roster = roster
        self.people = people
        self.readers = readers
        self.revocations = 0
        self.tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        presence = self.resources.presence
        self.revocations = self.resources.community.revocations
        for seconds, work in (
            (self.settings.heartbeat_seconds / SLICES, self._beat),
            (self.settings.sweep_seconds, self.sweep),
            (presence.lease / 3, presence.renew),
            (min(1.0, presence.grace / 2), presence.expire),
            (RENEW_SECONDS, self._renew_quotas),
            (marks.EVERY_SECONDS, self.resources.marks.flush),
            (TRIM_SECONDS, self.readers.inboxes.trim),
            (here.TOLD_SECONDS, self._tell_here),
        ):
            self.tasks.append(asyncio.create_task(self._again(seconds, work), name=f"pulse-{work.__name__}"))

    def layer_changed(self, connected: bool) -> None:
        """The channel layer has lost its connection, or has it again: then everything missed is looked up at once.

        At once is a random moment within half a second, so that the processes of a community do not ask together.
        """
        log.warning("the channel layer is %s", "connected again" if connected else "away")
        if connected:
            self.tasks = [task for task in self.tasks if not task.done()]
            self.tasks.append(asyncio.create_task(self._recover(), name="pulse-recover"))

    async def _recover(self) -> None:
        await asyncio.sleep(random.random() / 2)  # noqa: S311 - jitter
        try:
            await self.sweep()
            await self.resources.presence.recover()
            self.readers.refresh()
        except Unavailable as error:
            log.warning("the recovery has to wait for the next sweep: %s", error)

    async def _again(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await work()
            except Unavailable as error:
                log.warning("%s has to wait for the database: %s", work.__name__, error)
            except Exception:  # a pulse that stopped would leave the lost unfound for good
                log.exception("%s failed", work.__name__)

    async def _beat(self) -> None:
        self.roster.beat()

    async def _tell_here(self) -> None:
        """To other processes, if there may be any."""
        if self.settings.redis_url is not None:
            self.resources.work.publisher.tell(self.resources.here.events())

    async def _renew_quotas(self) -> None:
        for quota in self.roster.quotas:
            quota.renew()

    async def sweep(self) -> None:
        """Finds what was not told: changes of rooms and people, ended rights, what is unread. Raises Unavailable."""
        await self.rooms.sweep()
        if not len(self.roster):
            return
        await self.resources.refresh()
        self.people.look(self.resources.community.people_revision)
        count = self.resources.community.revocations
        if count != self.revocations:
            await self.roster.recheck()
            self.readers.refresh()
        self.revocations = count
        await self._sweep_unread()

    async def _sweep_unread(self) -> None:
        """While other processes are not heard, what was read in them is looked up, too."""
        if not self.resources.layer.connected:
            await self.resources.marks.flush()
            self.readers.refresh(lit=True)
        await self.readers.sweep()

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
