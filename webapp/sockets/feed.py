"""The log of one room in one process: applies changes in the order of their revisions and fans them out to its sockets.

`base` is the revision of the members' pages, `cursor` the newest that was applied; the changes between them are sent as
one frame at the end of the loop's turn. A gap is filled from the store. A connection that joins is sent what changed
between its own revision and the feed's; what is fanned out while that is read is kept for it.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence

from webapp.channel_layer import SparseLog
from webapp.domain.events import Values
from webapp.domain.history import Change, Changes
from webapp.sockets import fragments
from webapp.sockets.codes import Close
from webapp.sockets.connection import Connection
from webapp.sockets.dispatch import Listener, handler
from webapp.sockets.frame import Frame
from webapp.sockets.shapes import facts, messages, whole
from webapp.templating import RenderedMessages

log = logging.getLogger("tertulia.feed")
EARLY = 256
UNSTARTED = -2
LONGEST_REST = 0.1

ReadChanges = Callable[[int, int], Awaitable[Changes]]


class Replay:
    """A reading of the store for readers that join at one revision, and what was fanned out since it began."""

    def __init__(self, reading: Awaitable[Changes]) -> None:
        self.task = asyncio.ensure_future(reading)
        self.kept: dict[int, Change] = {}
        self.extras: list[str] = []
        self.readers: set[Connection] = set()


class Feed(Listener):
    """`read(room, since)` reads the store. Its first event waits until `start` says where the log stands."""

    def __init__(
        self, room_id: int, read: ReadChanges, rendered: RenderedMessages, sparse_log: SparseLog | None = None
    ) -> None:
        self.room_id = room_id
        self.sparse_log = sparse_log or SparseLog(log)
        self.base = self.cursor = UNSTARTED
        self.read = read
        self.rendered = rendered
        self.members: set[Connection] = set()
        self.ahead: dict[Connection, int] = {}
        self.arriving: set[Replay] = set()
        self.changes: dict[int, Change] = {}
        self.extras: list[str] = []
        self.early: dict[int, Sequence[Change]] = {}
        self.flushing = False
        self.rested = 0.0
        self.catching_up: asyncio.Task[None] | None = None
        self.replays: dict[int, Replay] = {}

    def start(self, head: int) -> None:
        """The log stands at `head`, as it was read after the first event could have come."""
        self.base = self.cursor = head
        self._apply_early()
        if self.early:
            self.catch_up()

    # -- events

    @handler
    def messages_changed(self, event: Values) -> None:
        self._hear(event, messages)

    @handler
    def rooms_changed(self, event: Values) -> None:
        self._hear(event, facts)

    def _hear(self, event: Values, read: Callable[[Values, int, int], Sequence[Change]]) -> None:
        """Applies a change of the log; one that comes too early is kept until the gap before it is filled."""
        revision = whole(event, "revision")
        if revision <= self.cursor:
            return
        changed = read(event, self.room_id, revision)
        if revision == self.cursor + 1:
            self._apply(revision, changed)
            self._apply_early()
        elif len(self.early) < EARLY:
            self.early[revision] = changed
        if revision > self.cursor:
            self.catch_up()

    def say(self, fragment: str) -> None:
        """Sends all members a fragment that is not part of the log."""
        self.extras.append(fragment)
        self._flush_soon()

    # -- the log

    def check(self, head: int) -> None:
        """Catches up if the store's head, which a sweep has read, is later than the cursor."""
        if head > self.cursor:
            self.catch_up()

    def catch_up(self) -> None:
        if self.catching_up is None and self.cursor != UNSTARTED:
            self.catching_up = asyncio.create_task(self._catch_up(), name=f"catch-up-{self.room_id}")

    async def _catch_up(self) -> None:
        since, told = self.cursor, tuple(self.early)
        try:
            changes = await self.read(self.room_id, since)
        except Exception as error:  # noqa: BLE001 - the store is away: the next sweep tries again
            log.warning("room %d: cannot catch up from revision %d: %s", self.room_id, self.cursor, error)
            return
        finally:
            self.catching_up = None
        self._forget_unknown(told, changes.head)
        overtaken = since < self.cursor >= changes.head  # events brought more while it was read: never go back
        if changes.reset and not overtaken:
            self._reset(changes)
        elif changes.head > self.cursor:
            self._apply(changes.head, [each for each in changes.all if each.revision > self.cursor])
        self._apply_early()
        if self.early:
            self.catch_up()

    def _forget_unknown(self, told: Iterable[int], head: int) -> None:
        """Drops early changes that the store does not have: an event follows its COMMIT, so they never happened."""
        for revision in told:
            if revision > head and self.early.pop(revision, None) is not None:
                self.sparse_log.warning(
                    "unknown revision", "room %d: revision %d was told, but the store ends at %d: skipped",
                    self.room_id, revision, head,
                )  # fmt: skip

    def _apply(self, revision: int, changed: Sequence[Change]) -> None:
        self.cursor = revision
        for each in changed:
            self.changes[each.id] = each
        self._flush_soon()

    def _apply_early(self) -> None:
        while (changed := self.early.pop(self.cursor + 1, None)) is not None:
            self._apply(self.cursor + 1, changed)
        for revision in [revision for revision in self.early if revision <= self.cursor]:
            del self.early[revision]

    def _reset(self, changes: Changes) -> None:
        """Sends all members the newest page, because too much was missed to send it change by change."""
        self.changes.clear()
        self.base = self.cursor = changes.head
        frame = Frame(fragments.reset(self.rendered, self.room_id, changes))
        Connection.write_all((*self.members, *self.ahead), frame)
        self.members.update(self.ahead)
        self.ahead.clear()
        for replay in self.arriving:
            for connection in tuple(replay.readers):
                connection.close(Close.AGAIN_LATER, "catch up again")

    # -- fan-out

    def _flush_soon(self) -> None:
        """Fans out at the end of this turn of the loop; under load, after a pause of twice the last fan-out's time.

        A lone message is never delayed, changes that come faster share a frame, and no room takes more than a third of
        the loop's time.
        """
        if self.flushing:
            return
        self.flushing = True
        loop = asyncio.get_running_loop()
        wait = self.rested - time.perf_counter()
        if wait <= 0:
            loop.call_soon(self._flush)
        else:
            loop.call_later(wait, self._flush)

    def _flush(self) -> None:
        start = time.perf_counter()
        self._fan_out()
        end = time.perf_counter()
        self.rested = end + min(LONGEST_REST, 2 * (end - start))

    def _fan_out(self) -> None:
        self.flushing = False
        extras, self.extras = "".join(self.extras), []
        changes, self.changes = self.changes, {}
        since, self.base = self.base, self.cursor
        text = (
            fragments.changed(self.rendered, changes.values(), since, self.cursor) if self.cursor > since else ""
        ) + extras
        if text:
            frame = Frame(text)
            Connection.write_all(self.members, frame)
        for replay in self.arriving:
            replay.kept.update(changes)
            replay.extras.append(extras)
        for connection, seen in tuple(self.ahead.items()):
            self._flush_ahead(connection, seen, changes, extras)

    def _flush_ahead(self, connection: Connection, seen: int, changes: dict[int, Change], extras: str) -> None:
        """The same for a connection whose replay has some of these changes."""
        lacking = [each for each in changes.values() if each.revision > seen]
        text = fragments.changed(self.rendered, lacking, seen, self.base) if self.base > seen else ""
        if text or extras:
            connection.write(Frame(text + extras))
        if self.base >= seen:
            del self.ahead[connection]
            self.members.add(connection)

    # -- who is in it

    async def join(self, connection: Connection, since: int) -> None:
        """Sends the connection what changed after `since` and makes it a member. Raises what `read` raises."""
        if since == self.base:
            self.members.add(connection)
            return
        replay = self._replay(since)
        replay.readers.add(connection)
        try:
            changes = await asyncio.shield(replay.task)
        finally:
            replay.readers.discard(connection)
            if not replay.readers:
                self.arriving.discard(replay)
        if not connection.closed:
            self._admit(connection, changes, replay)

    def _admit(self, connection: Connection, changes: Changes, replay: Replay) -> None:
        seen = max(changes.head, self.base)
        later = {each.id: each for each in replay.kept.values() if each.revision > changes.head}
        since, known = changes.since, {each.id: each for each in changes.all}
        text = "".join(replay.extras)
        if changes.reset:
            connection.write(Frame(fragments.reset(self.rendered, self.room_id, changes)))
            since, known = changes.head, {}
        if seen > since:
            text = fragments.changed(self.rendered, (known | later).values(), since, seen) + text
        if text:
            connection.write(Frame(text))
        if seen > self.base:
            self.ahead[connection] = seen
        else:
            self.members.add(connection)

    def leave(self, connection: Connection) -> None:
        self.members.discard(connection)
        self.ahead.pop(connection, None)

    @property
    def empty(self) -> bool:
        return not (self.members or self.ahead or self.arriving)

    def _replay(self, since: int) -> Replay:
        """The reading from this revision, shared: after a restart many join at once, most at the same one."""
        replay = self.replays.get(since)
        if replay is None:
            replay = self.replays[since] = Replay(self.read(self.room_id, since))
            replay.task.add_done_callback(lambda _: self.replays.pop(since, None))
            self.arriving.add(replay)
        return replay
