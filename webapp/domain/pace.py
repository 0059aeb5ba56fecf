"""How fast one person posts in this process.

Counted here and not by the `limits` library, which starts a thread for each hit: 0.26 ms of a post, a tenth of it.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable

REMEMBERED = 10_000


class Pace:
    """At most `posts` in any `seconds`. A session counts for its person once that is known."""

    def __init__(self, posts: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.posts = posts
        self.seconds = seconds
        self.clock = clock
        self.people: OrderedDict[str, int] = OrderedDict()
        self.times: OrderedDict[str | int, deque[float]] = OrderedDict()

    def allows(self, session: str) -> bool:
        """Whether one more is slow enough; if so it is counted."""
        who = self.people.get(session, session)
        now = self.clock()
        times = self.times.setdefault(who, deque())
        self.times.move_to_end(who)
        if len(self.times) > REMEMBERED:
            self.times.popitem(last=False)
        while times and now - times[0] >= self.seconds:
            times.popleft()
        if len(times) >= self.posts:
            return False
        times.append(now)
        return True

    def belongs(self, session: str, user_id: int) -> None:
        """This session is this person's: all of their sessions share one pace."""
        if session not in self.people:
            self.people[session] = user_id
            self.times.setdefault(user_id, deque()).extend(self.times.pop(session, ()))
            if len(self.people) > REMEMBERED:
                self.people.popitem(last=False)
