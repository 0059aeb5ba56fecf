"""Shows in every open page what people have changed of themselves: names, initials, statuses."""

import asyncio
import logging

from webapp.domain.events import Values
from webapp.services.people import People
from webapp.sockets import fragments
from webapp.sockets.connection import Connection
from webapp.sockets.dispatch import Listener, handler
from webapp.sockets.frame import Frame
from webapp.sockets.readers import Readers
from webapp.sockets.rooms import Rooms
from webapp.sockets.shapes import whole
from webapp.store.database import Unavailable

log = logging.getLogger("tertulia.people")


class PeopleWatcher(Listener):
    """Hears that somebody has changed, reads who, and tells the pages of this process. The event carries no name."""

    def __init__(self, people: People, rooms: Rooms, readers: Readers) -> None:
        self.people = people
        self.rooms = rooms
        self.readers = readers
        self.wanted = 0
        self.reading: asyncio.Task[None] | None = None

    @handler
    def people_changed(self, event: Values) -> None:
        self.look(whole(event, "revision"))

    def look(self, revision: int) -> None:
        """Read what has changed up to this revision, unless that is known."""
        if revision <= self.people.revision:
            return
        self.wanted = max(self.wanted, revision)
        if self.reading is None:
            self.reading = asyncio.create_task(self._read(), name="people")

    async def _read(self) -> None:
        wanted, self.wanted = self.wanted, 0
        try:
            while faces := await self.people.news():
                fragment = fragments.people_changed(faces, self.people.revision)
                for room in self.rooms.open.values():
                    room.say(fragment)
                await self._tell_pages(fragment, frozenset(face.id for face in faces))
        except Unavailable as error:
            log.warning("changes up to %d wait for the next sweep: %s", wanted, error)
            return
        finally:
            self.reading = None
        self.look(self.wanted)  # told while the last reading was on its way

    async def _tell_pages(self, fragment: str, people: frozenset[int]) -> None:
        """Pages without a room have names in their lists; titles of direct rooms name people. Raises Unavailable."""
        guests = [each for reader in self.readers.readers.values() for each in reader.guests.items()]
        Connection.write_all([guest.connection for guest, room_id in guests if not room_id], Frame(fragment))
        for guest, _ in guests:
            await guest.retitle(people)

    async def close(self) -> None:
        if self.reading is not None:
            self.reading.cancel()
            await asyncio.gather(self.reading, return_exceptions=True)
