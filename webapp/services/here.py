"""Who is here, in whatever room: as this process counts them, and as the others tell every few seconds."""

import time
from collections.abc import Callable, Collection

from webapp.domain import events
from webapp.domain.events import Event
from webapp.services.presence import Presence

TOLD_SECONDS = 10.0
FORGOTTEN_SECONDS = 3 * TOLD_SECONDS
AT_ONCE = 1_000
MOST_PROCESSES = 500


class Here:
    """`told`: by process and part of its list, when that came and who was in it."""

    def __init__(self, presence: Presence, process: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.presence = presence
        self.process = process
        self.clock = clock
        self.told: dict[tuple[str, int], tuple[float, frozenset[int]]] = {}

    def __contains__(self, user_id: object) -> bool:
        if user_id in self.presence.people:
            return True
        since = self.clock() - FORGOTTEN_SECONDS
        return any(moment > since and user_id in users for moment, users in self.told.values())

    def events(self) -> list[Event]:
        """What this process has to tell the others."""
        people = list(self.presence.people)
        starts = range(0, len(people) or 1, AT_ONCE)
        parts = [people[start : start + AT_ONCE] for start in starts]
        return [events.people_here(self.process, part, users) for part, users in enumerate(parts)]

    def hear(self, process: str, part: int, users: Collection[int]) -> None:
        if process == self.process:
            return
        now = self.clock()
        if len(self.told) >= MOST_PROCESSES:
            self.told = {key: value for key, value in self.told.items() if value[0] > now - FORGOTTEN_SECONDS}
        if len(self.told) < MOST_PROCESSES or (process, part) in self.told:
            self.told[process, part] = (now, frozenset(users))
