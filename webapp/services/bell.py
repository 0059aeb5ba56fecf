"""Lets at most one `rooms.posted` of a room pass in a second: the first at once, what follows together."""

import asyncio
from collections.abc import Callable

from webapp.domain.events import Event, room_posted

EVERY_SECONDS = 1.0
MOST_AUTHORS = 100
"""Authors in one event. The others posted before these, and learn by the sweep that they have read so far."""


class Bell:
    """`tell` publishes. `waiting`: by room that told in this second, the newest post of each author since."""

    def __init__(self, tell: Callable[[list[Event]], None]) -> None:
        self.tell = tell
        self.waiting: dict[int, dict[int, int]] = {}

    def takes(self, event: Event) -> bool:
        """Whether this event is kept for later, together with others of its room."""
        if event.values["type"] != "rooms.posted":
            return False
        room_id: int = event.values["room"]
        waiting = self.waiting.get(room_id)
        if waiting is None:
            self.waiting[room_id] = {}
            asyncio.get_running_loop().call_later(EVERY_SECONDS, self._ring, room_id)
            return False
        for author, revision in event.values["posts"]:
            waiting.pop(author, None)
            waiting[author] = revision
        if len(waiting) > MOST_AUTHORS:
            del waiting[next(iter(waiting))]
        return True

    def _ring(self, room_id: int) -> None:
        posts = self.waiting.pop(room_id, None)
        if posts:
            self.waiting[room_id] = {}
            asyncio.get_running_loop().call_later(EVERY_SECONDS, self._ring, room_id)
            self.tell([room_posted(room_id, posts)])
