"""The people with sockets here, and which rooms are unread for each: hears the bell, and updates their pages.

A room is lit in all pages of a person once, until they read it: so unread costs next to nothing for each post. Nothing
depends on an event: the sweep finds the rooms that were posted in and not told.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence

from webapp.domain import events, unread
from webapp.domain.events import Values
from webapp.domain.unread import State
from webapp.services.resources import Resources
from webapp.sockets import fragments
from webapp.sockets.connection import Connection
from webapp.sockets.dispatch import Listener, handler
from webapp.sockets.frame import Frame
from webapp.sockets.guest import Guest
from webapp.sockets.inboxes import Inboxes
from webapp.sockets.reader import Reader
from webapp.sockets.shapes import numbers, pairs, whole
from webapp.store.database import Unavailable

log = logging.getLogger("tertulia.unread")
TOGETHER_SECONDS = 0.2
"""A room is lit after this: who reads it in another process has said so by then."""
LOADED_TOGETHER = 50
MARGIN = 90_000_000
"""Microseconds that clocks and transactions may differ by: what the sweep before could have missed."""
MOST_USERS = 500


class Readers(Listener):
    """`readers` by user id; `members` by room, those of them who are in it. `wanted`: to be read from the store."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self.marks = resources.marks
        self.readers: dict[int, Reader] = {}
        self.inboxes = Inboxes(resources, self.readers)
        self.members: defaultdict[int, set[Reader]] = defaultdict(set)
        self.unlit: defaultdict[int, set[Reader]] = defaultdict(set)
        self.lighting: asyncio.TimerHandle | None = None
        self.wanted: set[int] = set()
        self.loading: frozenset[int] = frozenset()
        self.early: dict[int, dict[int, int]] = {}
        self.task: asyncio.Task[None] | None = None
        self.swept = now()

    # -- sockets

    def arrive(self, guest: Guest, room_id: int = 0) -> None:
        """A page of this person is open; `room_id` is the room that it shows."""
        assert guest.actor is not None
        reader = self.readers.get(guest.actor.id)
        if reader is None:
            reader = self.readers[guest.actor.id] = Reader(guest.actor.id)
        reader.guests[guest] = room_id
        if reader.loaded and reader.calls is not None and (not room_id or room_id in reader.read):
            reader.show([guest])
        else:
            reader.fresh.add(guest)
            self._want(reader.id)

    def depart(self, guest: Guest) -> None:
        """May be called again for one that has departed."""
        reader = self._of(guest)
        if reader is None or guest not in reader.guests:
            return
        self.look_away(guest)
        reader.fresh.discard(guest)
        del reader.guests[guest]
        if not reader.guests:
            del self.readers[reader.id]
            self._leave(reader, reader.forget())

    def look(self, guest: Guest, revision: int, came: bool) -> None:
        """Its page is visible and shows the end of its room's list, where `revision` stands.

        `came`: the end has come into view, which ends a mark as unread.
        """
        reader = self._of(guest)
        if reader is None or not (room_id := reader.guests.get(guest, 0)):
            return
        reader.looking.setdefault(room_id, set()).add(guest)
        if came:
            reader.held.discard(room_id)
        if not reader.is_looking(room_id):
            return
        self.marks.keep(reader.id, room_id, revision)
        told = reader.news.get(room_id, (0, 0))[0] > reader.read.get(room_id, 0)
        if reader.has_read(room_id, revision) and told:
            self._publish(room_id, revision, [reader.id])
        self._settle(reader, room_id)

    def look_away(self, guest: Guest) -> None:
        """Its page is hidden, closed, or shows another part of the list."""
        if (reader := self._of(guest)) is not None:
            reader.look_away(guest)
            self.marks.flush_soon(reader.id)

    def entitle(self, guest: Guest) -> None:
        """Its page's window is called differently: the number before the title is written with it."""
        if (reader := self._of(guest)) is not None:
            reader.entitle(guest)

    def _of(self, guest: Guest) -> Reader | None:
        return None if guest.actor is None else self.readers.get(guest.actor.id)

    # -- the bell

    @handler
    def rooms_posted(self, event: Values) -> None:
        self._posted(whole(event, "room"), dict(pairs(event, "posts")))

    @handler
    def people_read(self, event: Values) -> None:
        room_id, revision = whole(event, "room"), whole(event, "revision")
        for user_id in numbers(event, "users"):
            self._read_again_if_loading(user_id)
            reader = self.readers.get(user_id)
            if reader is not None and reader.has_read(room_id, revision):
                self._settle(reader, room_id)

    @handler
    def people_held(self, event: Values) -> None:
        room_id, revision, user_id = whole(event, "room"), whole(event, "revision"), whole(event, "user")
        self._read_again_if_loading(user_id)
        self.marks.drop(user_id, room_id)
        if (reader := self.readers.get(user_id)) is not None:
            reader.hold(room_id, revision)
            self._settle(reader, room_id)

    @handler
    def memberships_began(self, event: Values) -> None:
        whole(event, "room")
        if (user_id := whole(event, "user")) in self.readers:
            self._want(user_id)

    @handler
    def memberships_ended(self, event: Values) -> None:
        """Whose right has ended hears nothing more of the room; it goes from the list in their pages."""
        room_id, user_id = whole(event, "room"), whole(event, "user")
        self._read_again_if_loading(user_id)
        self.marks.drop(user_id, room_id)
        reader = self.readers.get(user_id)
        if reader is not None and room_id in reader.read:
            before = reader.sign
            self._leave(reader, [room_id])
            reader.leave(room_id)
            reader.tell(before, gone=[room_id])

    def _posted(self, room_id: int, posts: dict[int, int]) -> None:
        """`posts`: the revision of the newest post of each author."""
        if self.loading:
            self.early.setdefault(room_id, {}).update(posts)
        author = max(posts, key=posts.__getitem__)
        read = [each.id for each in self.members.get(room_id, ()) if self._hear(each, room_id, posts, author)]
        self._publish(room_id, posts[author], read)

    def _hear(self, reader: Reader, room_id: int, posts: dict[int, int], author: int) -> bool:
        """Whether they read it as it came. Posting counts as reading up to there."""
        reader.hear(room_id, posts[author], author)
        if reader.id in posts:
            reader.has_read(room_id, posts[reader.id])
        if reader.is_looking(room_id):
            self.marks.keep(reader.id, room_id, posts[author])
            if reader.has_read(room_id, posts[author]):
                return True
        self._settle(reader, room_id)
        return False

    def _publish(self, room_id: int, revision: int, users: Sequence[int]) -> None:
        """To the other processes, which have pages of theirs, too."""
        for start in range(0, len(users), MOST_USERS):
            event = events.people_read(room_id, revision, users[start : start + MOST_USERS])
            self.resources.work.publisher.tell([event])

    # -- what pages show

    def _settle(self, reader: Reader, room_id: int) -> None:
        """Bring their pages to what is so."""
        if reader.is_unread(room_id) and room_id not in reader.lit:
            self.unlit[room_id].add(reader)
            if self.lighting is None:
                self.lighting = asyncio.get_running_loop().call_later(TOGETHER_SECONDS, self._light)
        reader.settle(room_id)

    def _light(self) -> None:
        """The same bytes for all; where it is the first room that is lit, for all pages with the same title."""
        self.lighting = None
        unlit, self.unlit = self.unlit, defaultdict(set)
        for room_id, readers in unlit.items():
            pages: defaultdict[str, list[Connection]] = defaultdict(list)
            for reader in readers:
                if reader.is_unread(room_id) and room_id not in reader.lit:
                    before = reader.sign
                    reader.lit.add(room_id)
                    for guest in reader.guests:
                        pages[reader.titled(guest) if reader.sign != before else ""].append(guest.connection)
            for title, connections in pages.items():
                change = fragments.Unread(lit=[room_id], title=title, anything=True)
                Connection.write_all(connections, Frame(fragments.unread(change)))

    # -- the store

    def refresh(self, lit: bool = False) -> None:
        """Events may have been missed: read again what these people have read; `lit`: those alone who have something
        unread."""
        self._want(*[each.id for each in self.readers.values() if each.lit or not lit])

    async def sweep(self) -> None:
        """The rooms that were posted in and not told, and the inboxes: a query for each, however many there are.

        Raises Unavailable.
        """
        since, moment = self.swept - MARGIN, now()
        if self.readers:
            rooms, inboxes = await self.resources.work.read(unread.news_since, since)
            for posted in rooms:
                self._posted(posted.room_id, {posted.author_id: posted.revision})
            self.inboxes.compare(inboxes)
            self._want()
        self.swept = moment

    def _want(self, *user_ids: int) -> None:
        self.wanted.update(user_ids)
        if self.wanted and self.task is None:
            self.task = asyncio.create_task(self._load(), name="readers")

    def _read_again_if_loading(self, user_id: int) -> None:
        if user_id in self.loading:
            self.wanted.add(user_id)

    async def _load(self) -> None:
        try:
            while self.wanted:
                users = [self.wanted.pop() for _ in range(min(LOADED_TOGETHER, len(self.wanted)))]
                self.loading = frozenset(users)
                found: defaultdict[int, list[State]] = defaultdict(list)
                for state in await self.resources.work.read(unread.states, users):
                    found[state.user_id].append(state)
                for user_id in users:
                    if (reader := self.readers.get(user_id)) is not None:
                        self._take(reader, found[user_id])
        except Unavailable as error:
            self.wanted |= self.loading
            log.warning("what is unread has to wait for the next sweep: %s", error)
        finally:
            self.task, self.loading, self.early = None, frozenset(), {}

    def _take(self, reader: Reader, states: Iterable[State]) -> None:
        """Replace what is known of their rooms; what was heard meanwhile may be later."""
        self._leave(reader, reader.forget())
        for state in states:
            room_id = state.room_id
            self.members[room_id].add(reader)
            reader.enter(state)
            reader.has_read(room_id, self.marks.read(reader.id, room_id))
            reader.hear(room_id, state.posted_revision, state.posted_by or 0)
            if reader.is_looking(room_id):
                self.marks.keep(reader.id, room_id, state.posted_revision)
                reader.has_read(room_id, state.posted_revision)
        lit = {room_id for room_id in reader.read if reader.is_unread(room_id)}
        if lit != reader.lit:
            reader.fresh = set(reader.guests)
        reader.lit, reader.loaded = lit, True
        if reader.calls is None:
            self.inboxes.want(reader.id)
        else:
            reader.recount()
            reader.show_fresh()
        for room_id, posts in self.early.items():
            if room_id in reader.read:
                self._hear(reader, room_id, posts, max(posts, key=posts.__getitem__))

    def _leave(self, reader: Reader, rooms: Iterable[int]) -> None:
        for room_id in rooms:
            members = self.members[room_id]
            members.discard(reader)
            if not members:
                del self.members[room_id]

    async def close(self) -> None:
        await self.inboxes.close()
        if self.lighting is not None:
            self.lighting.cancel()
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)


def now() -> int:
    return time.time_ns() // 1000
