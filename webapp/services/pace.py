"""Limits how fast one person posts, or changes things, in this process.

Counted here and not by the `limits` library, which starts a thread for each hit: 0.26 ms of a post, a tenth of it.
"""

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from webapp.domain.errors import TooMany

REMEMBERED = 10_000


class Pace:
    """At most `most` in any `seconds`; `told` is the text for people who are faster.

    A session counts for itself until `belongs` says whose it is.
    """

    def __init__(self, most: int, seconds: float, told: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self.seconds = seconds
        self.told = told
        self.clock = clock
        self.people: OrderedDict[str, int] = OrderedDict()
        self.times: OrderedDict[str | int, deque[float]] = OrderedDict()

    def check(self, session: str | None) -> None:
        """Count one more. Raises TooMany. Without a session nothing is counted: that is refused elsewhere."""
        if session is not None and not self.allows(session):
            raise TooMany(self.told, max(1, math.ceil(self.seconds / self.most)))

    def allows(self, session: str) -> bool:
        """Whether there may be one more, which is counted then."""
        who = self.people.get(session, session)
        now = self.clock()
        times = self.times.setdefault(who, deque())
        self.times.move_to_end(who)
        if len(self.times) > REMEMBERED:
            self.times.popitem(last=False)
        while times and now - times[0] >= self.seconds:
            times.popleft()
        if len(times) >= self.most:
            return False
        times.append(now)
        return True

    def belongs(self, session: str, user_id: int) -> None:
        """From now on count this session for this person, together with their others."""
        if session not in self.people:
            self.people[session] = user_id
            self.times.setdefault(user_id, deque()).extend(self.times.pop(session, ()))
            if len(self.people) > REMEMBERED:
                self.people.popitem(last=False)
