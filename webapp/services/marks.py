"""Read marks of this process, kept until they are written, many in one transaction.

A mark is written at most every 10 seconds for a person and room (the pulse calls `flush`), and at once when the page
hides or closes. A process that crashes takes the marks of these seconds along, never a message.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

from webapp.domain import unread
from webapp.domain.memberships import OwnRoom
from webapp.domain.unread import Mark
from webapp.services.unit_of_work import UnitOfWork
from webapp.store.database import Unavailable

log = logging.getLogger("tertulia.unread")
EVERY_SECONDS = 10.0
TOGETHER = 200
"""Marks in one transaction: others wait for the writer meanwhile."""


class Marks:
    """`kept`: by person and room, the revision up to which they have seen it. At most one for each membership."""

    def __init__(self, work: UnitOfWork) -> None:
        self.work = work
        self.kept: dict[int, dict[int, int]] = {}
        self.due: set[int] = set()
        self.writing: asyncio.Task[None] | None = None

    def keep(self, user_id: int, room_id: int, revision: int) -> None:
        rooms = self.kept.setdefault(user_id, {})
        if revision > rooms.get(room_id, 0):
            rooms[room_id] = revision

    def drop(self, user_id: int, room_id: int) -> None:
        """What is kept of this room does not count."""
        if (rooms := self.kept.get(user_id)) is not None:
            rooms.pop(room_id, None)

    def read(self, user_id: int, room_id: int) -> int:
        return self.kept.get(user_id, {}).get(room_id, 0)

    def applied(self, user_id: int, rooms: Sequence[OwnRoom]) -> list[OwnRoom]:
        """These rooms of a person, with what is kept and not yet written."""
        kept = self.kept.get(user_id, {})
        return [
            replace(room, read_revision=kept[room.id], held=False)
            if kept.get(room.id, 0) > room.read_revision
            else room
            for room in rooms
        ]

    def flush_soon(self, user_id: int) -> None:
        """Write this person's marks now, with those of others who come in this turn of the loop."""
        if user_id in self.kept:
            self.due.add(user_id)
            if self.writing is None:
                self.writing = asyncio.create_task(self._flush_due(), name="marks")

    async def _flush_due(self) -> None:
        try:
            while self.due:
                users, self.due = self.due, set()
                await self._write(users)
        except Unavailable as error:
            log.warning("read marks have to wait for the database: %s", error)
        finally:
            self.writing = None

    async def flush(self) -> None:
        """Write all. Raises Unavailable, and keeps what was not written."""
        await self._write(set(self.kept))

    async def _write(self, users: set[int]) -> None:
        marks = [
            Mark(room_id, user_id, revision)
            for user_id in users
            for room_id, revision in self.kept.pop(user_id, {}).items()
        ]
        while marks:
            together, marks = marks[:TOGETHER], marks[TOGETHER:]
            try:
                await self.work.write(unread.mark_all, together)
            except BaseException:
                for each in (*together, *marks):
                    self.keep(each.user_id, each.room_id, each.revision)
                raise

    async def close(self) -> None:
        try:
            await self.flush()
        except Unavailable as error:
            log.warning("%d people's read marks were not written: %s", len(self.kept), error)
