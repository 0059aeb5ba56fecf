"""Keeps the titles of a room's open pages: a page that becomes unread is told its title with a dot."""

from webapp.domain.events import Values
from webapp.sockets.dispatch import handler
from webapp.sockets.guest import Guest
from webapp.sockets.rooms import Room, RoomListener
from webapp.sockets.shapes import text


class Titles(RoomListener):
    def __init__(self, room: Room) -> None:
        super().__init__(room)
        self.guests: set[Guest] = set()

    async def arrived(self, guest: Guest) -> None:
        self.guests.add(guest)

    async def departed(self, guest: Guest) -> None:
        self.guests.discard(guest)

    @handler
    def rooms_changed(self, event: Values) -> None:
        title = f"{text(event, 'name')} · {text(event, 'community')}"
        for guest in self.guests:
            guest.entitle(title)
