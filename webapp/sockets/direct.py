"""Keeps direct rooms in the lists of open pages: one appears with its first message, and goes when it is hidden."""

from webapp.domain.events import Values
from webapp.services.here import Here
from webapp.sockets import fragments
from webapp.sockets.connection import Connection
from webapp.sockets.dispatch import Listener, handler
from webapp.sockets.frame import Frame
from webapp.sockets.reader import Reader
from webapp.sockets.readers import Readers
from webapp.sockets.shapes import numbers, text, whole


class DirectRooms(Listener):
    """Hears the bell after `readers`, which knows the people with pages here and their rooms. What it misses, a page
    learns when the room becomes unread in it."""

    def __init__(self, readers: Readers) -> None:
        self.readers = readers

    @handler
    def rooms_posted(self, event: Values) -> None:
        """The first time that a reader hears of a direct room: of an ordinary one their pages know."""
        room_id = whole(event, "room")
        for reader in self.readers.members.get(room_id, ()):
            if room_id in reader.directs and room_id not in reader.listed:
                reader.listed.add(room_id)
                tell(reader, fragments.missing(room_id))

    @handler
    def memberships_hidden(self, event: Values) -> None:
        room_id = whole(event, "room")
        if (reader := self.readers.readers.get(whole(event, "user"))) is not None:
            reader.listed.discard(room_id)
            tell(reader, fragments.hidden(room_id))


class Elsewhere(Listener):
    """Hears who is here in the other processes, for the dots beside names."""

    def __init__(self, here: Here) -> None:
        self.here = here

    @handler
    def people_here(self, event: Values) -> None:
        self.here.hear(text(event, "process"), whole(event, "part"), numbers(event, "users"))


def tell(reader: Reader, fragment: str) -> None:
    Connection.write_all([guest.connection for guest in reader.guests], Frame(fragment))
