"""Names and statuses of people as this process last read them.

The community counts the changes of what its people show; `revision` is how far this process has read them.
"""

from collections.abc import Iterable

from cachetools import LRUCache

from webapp.domain import people
from webapp.domain.people import Face
from webapp.services.unit_of_work import UnitOfWork

KEPT, AT_ONCE = 10_000, 100


class People:
    """Used from one event loop. Its methods raise the store's Unavailable."""

    def __init__(self, work: UnitOfWork) -> None:
        self.work = work
        self.revision = 0
        self.kept: LRUCache[int, Face] = LRUCache(KEPT)

    async def known(self, ids: Iterable[int]) -> dict[int, Face]:
        """The faces of these people, by id; those that were asked for before cost nothing."""
        wanted = set(ids)
        missing = [each for each in wanted if each not in self.kept]
        for start in range(0, len(missing), AT_ONCE):
            for face in await self.work.read(people.faces, missing[start : start + AT_ONCE]):
                self._keep(face)
        return {each: self.kept[each] for each in wanted if each in self.kept}

    async def news(self) -> list[Face]:
        """Who has changed since the last time, AT_ONCE at most; nobody when all is read."""
        found = await self.since(self.revision)
        for face in found:
            self._keep(face)
            self.revision = max(self.revision, face.revision)
        return found

    async def since(self, revision: int) -> list[Face]:
        """Who has changed after this revision, AT_ONCE at most, by revision."""
        return await self.work.read(people.changed, revision, AT_ONCE)

    def _keep(self, face: Face) -> None:
        """Unless a later reading came first."""
        kept = self.kept.get(face.id)
        if kept is None or kept.revision <= face.revision:
            self.kept[face.id] = face
