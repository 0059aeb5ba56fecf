"""Names and statuses of people as this process last read them.

The community counts the changes of what its people show; `revision` is how far this process has read them.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace

from cachetools import LRUCache

from webapp.domain import names, people
from webapp.domain.memberships import Named, OwnRoom, Party
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

    def forget(self) -> None:
        """Somebody has changed a moment ago, and perhaps those whose names look like theirs: all are read again."""
        self.kept.clear()

    async def called(self, rooms: Sequence[OwnRoom], viewer: int, here: Container[int] = ()) -> list[OwnRoom]:
        """The rooms of this person by name: a direct one is called as the others in it are. `here`: who is."""
        parties = [room.party for room in rooms if room.party is not None]
        if not parties:
            return list(rooms)
        faces = await self.known({each for party in parties for each in party.people})
        named = [self._named(room, faces, viewer, here) for room in rooms]
        return sorted(named, key=lambda room: names.natural(room.name))

    def _named(self, room: OwnRoom, faces: dict[int, Face], viewer: int, here: Container[int]) -> OwnRoom:
        if room.party is None:
            return room
        people = others(room.party, faces, viewer)
        shown = tuple(replace(each, here=True) if not each.note and each.id in here else each for each in people)
        return replace(room, people=shown, name=title(people))

    async def title(self, party: Party, viewer: int) -> str:
        """What a direct room is called for this person."""
        return title(others(party, await self.known(party.people), viewer))

    def _keep(self, face: Face) -> None:
        """Unless a later reading came first."""
        kept = self.kept.get(face.id)
        if kept is None or kept.revision <= face.revision:
            self.kept[face.id] = face


def others(party: Party, faces: dict[int, Face], viewer: int) -> tuple[Named, ...]:
    """All but the viewer, by name; the viewer alone in a room for notes."""
    if party.people == (viewer,):
        return (Named(viewer, faces[viewer].name, "you"),)
    shown = [faces[each] for each in party.people if each != viewer and each in faces]
    people = [Named(each.id, each.name, "left" if each.id in party.left else "") for each in shown]
    return tuple(sorted(people, key=lambda person: (names.natural(person.name), person.id)))


def title(people: Iterable[Named]) -> str:
    """`Ana, Cid (left)`."""
    return ", ".join(f"{each.name} ({each.note})" if each.note else each.name for each in people)
