"""What one person has read and what their open pages show as unread, shared by all their sockets of a process."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from webapp.domain.notifications import Call
from webapp.domain.unread import State
from webapp.sockets import fragments
from webapp.sockets.frame import Frame
from webapp.sockets.guest import Guest

NOTHING = (0, 0)


class Reader:
    """`read` has the rooms that they are in, each with the revision up to which it is read, `news` the revision and
    author of its newest message. `held` are rooms that they marked as unread, which stay so until the end of their list
    comes into view again; `lit` those that their pages show as unread. `looking` has by room the sockets whose visible
    page shows the end of its list. `directs` are the direct ones among the rooms, `listed` those that were told to
    their pages. `calls` has by room the messages that wait for them, each with the revision at which it is read, None
    before that was looked up; `numbers` how many of them their pages show."""

    __slots__ = (
        "calls", "directs", "fresh", "guests", "held", "id", "listed", "lit", "loaded", "looking", "news", "numbers",
        "read",
    )  # fmt: skip

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
        self.calls: dict[int, dict[int, int]] | None = None
        self.numbers: dict[int, int] = {}
        self.directs: set[int] = set()
        self.listed: set[int] = set()

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
        self.numbers.pop(room_id, None)
        self.directs.discard(room_id)
        self.listed.discard(room_id)

    def enter(self, state: State) -> None:
        """A room that they are in, as it was read from the store."""
        self.read[state.room_id] = state.read_revision
        if state.direct:
            self.directs.add(state.room_id)
        if state.held:
            self.held.add(state.room_id)

    def forget(self) -> Iterable[int]:
        """Nothing is known of their rooms; those that were."""
        rooms = list(self.read)
        self.read, self.news, self.held, self.directs = {}, {}, set(), set()
        return rooms

    def look_away(self, guest: Guest) -> None:
        room_id = self.guests.get(guest, 0)
        if (looking := self.looking.get(room_id)) is not None:
            looking.discard(guest)
            if not looking:
                del self.looking[room_id]

    # -- what waits for them

    def take(self, calls: Iterable[Call]) -> None:
        """All that waits for them, as it is in the store."""
        taken: defaultdict[int, dict[int, int]] = defaultdict(dict)
        for call in calls:
            taken[call.room_id][call.message_id] = call.revision
        first, self.calls = self.calls is None, dict(taken)
        if first and self.loaded:
            self.show_fresh()
        elif self.loaded:
            self.recount()

    def number(self, room_id: int) -> int:
        """How many messages wait for them in this room."""
        if self.calls is None or room_id not in self.read:
            return 0
        read = self.read[room_id]
        return sum(revision > read for revision in self.calls.get(room_id, {}).values())

    def recount(self) -> None:
        """Bring the numbers in their pages to what is so."""
        before, shown, self.numbers = self.sign, self.numbers, self._counted()
        if self.numbers != shown:
            both = ((each, self.numbers.get(each, 0), shown.get(each, 0)) for each in sorted({*self.numbers, *shown}))
            self.tell(before, numbers=[(each, number) for each, number, was in both if number != was])

    def _counted(self) -> dict[int, int]:
        counted = {room_id: self.number(room_id) for room_id in self.calls or ()}
        return {room_id: number for room_id, number in counted.items() if number}

    # -- what their pages show

    @property
    def sign(self) -> str:
        """What stands before the titles of their pages."""
        total = sum(self.numbers.values())
        return f"({total}) " if total else "• " if self.lit else ""

    def settle(self, room_id: int) -> None:
        """The room is not unread, or fewer of its messages wait."""
        before, dark = self.sign, room_id in self.lit and not self.is_unread(room_id)
        if dark:
            self.lit.discard(room_id)
        number = self.number(room_id)
        fewer = number < self.numbers.get(room_id, 0)
        if fewer:
            self.numbers.pop(room_id)
            self.numbers |= {room_id: number} if number else {}
        if dark or fewer:
            self.tell(before, dark=[room_id] if dark else [], numbers=[(room_id, number)] if fewer else [])

    def tell(
        self, before: str, dark: Sequence[int] = (), gone: Sequence[int] = (), numbers: Sequence[tuple[int, int]] = ()
    ) -> None:
        """`before`: the sign that their titles have."""
        total = sum(self.numbers.values()) if numbers or gone else None
        for guest in self.guests:
            title = self.titled(guest) if self.sign != before else ""
            change = fragments.Unread(
                dark=dark, gone=gone, numbers=numbers, total=total, title=title, anything=bool(self.sign)
            )
            guest.connection.write(Frame(fragments.unread(change)))

    def show_fresh(self) -> None:
        """All of it, to pages that were rendered before we knew it."""
        self.numbers = self._counted()
        guests, self.fresh = self.fresh, set()
        self.show(guests)

    def show(self, guests: Iterable[Guest]) -> None:
        lit, numbers, total = sorted(self.lit), sorted(self.numbers.items()), sum(self.numbers.values())
        for guest in guests:
            title = self.titled(guest)
            change = fragments.Unread(
                lit=lit, only=True, numbers=numbers, total=total, title=title, anything=bool(self.sign)
            )
            guest.connection.write(Frame(fragments.unread(change)))

    def entitle(self, guest: Guest) -> None:
        """To one page, whose title has a number."""
        if self.numbers:
            change = fragments.Unread(title=self.titled(guest), anything=True)
            guest.connection.write(Frame(fragments.unread(change)))

    def titled(self, guest: Guest) -> str:
        return f"{self.sign}{guest.title}" if guest.title else ""
