"""What one person has read and what their open pages show as unread, shared by all their sockets of a process."""

from collections.abc import Iterable

from webapp.sockets.guest import Guest

NOTHING = (0, 0)


class Reader:
    """`read` has the rooms that they are in, each with the revision up to which it is read, `news` the revision and
    author of its newest message. `held` are rooms that they marked as unread, which stay so until the end of their list
    comes into view again; `lit` those that their pages show as unread. `looking` has by room the sockets whose visible
    page shows the end of its list."""

    __slots__ = ("fresh", "guests", "held", "id", "lit", "loaded", "looking", "news", "read")

    def __init__(self, user_id: int) -> None:
        self.id = user_id
        self.guests: dict[Guest, int] = {}
        self.fresh: set[Guest] = set()
        self.loaded = False
        self.read: dict[int, int] = {}
        self.news: dict[int, tuple[int, int]] = {}
        self.held: set[int] = set()
        self.lit: set[int] = set()
        self.looking: dict[int, set[Guest]] = {}

    def is_unread(self, room_id: int) -> bool:
        """Whether its newest message is later than what they read, and somebody else's unless they marked it."""
        revision, author = self.news.get(room_id, NOTHING)
        return revision > self.read.get(room_id, revision) and (author != self.id or room_id in self.held)

    def is_looking(self, room_id: int) -> bool:
        """Whether a page of theirs shows what comes to this room, and it counts as read."""
        return room_id in self.looking and room_id not in self.held

    def hear(self, room_id: int, revision: int, author: int) -> None:
        if revision > self.news.get(room_id, NOTHING)[0]:
            self.news[room_id] = (revision, author)

    def has_read(self, room_id: int, revision: int) -> bool:
        """Whether this is later than what they had read."""
        if revision <= self.read.get(room_id, revision):
            return False
        self.read[room_id] = revision
        self.held.discard(room_id)
        return True

    def hold(self, room_id: int, revision: int) -> None:
        if room_id in self.read:
            self.read[room_id] = revision
            self.held.add(room_id)

    def leave(self, room_id: int) -> None:
        """They are not in this room any more."""
        self.read.pop(room_id, None)
        self.news.pop(room_id, None)
        self.held.discard(room_id)
        self.lit.discard(room_id)

    def forget(self) -> Iterable[int]:
        """Nothing is known of their rooms; those that were."""
        rooms = list(self.read)
        self.read, self.news, self.held = {}, {}, set()
        return rooms

    def look_away(self, guest: Guest) -> None:
        room_id = self.guests.get(guest, 0)
        if (looking := self.looking.get(room_id)) is not None:
            looking.discard(guest)
            if not looking:
                del self.looking[room_id]
