"""What every rule is given: a database transaction that collects the events to announce after its COMMIT.

A rule is a plain function of a Transaction. It must be safe to run again from the start: the database's threads do so
when it shared a COMMIT with one that failed.
"""

import time

from sqlalchemy import Connection

from webapp.domain.events import Event


class Transaction:
    """`now`: microseconds since 1970. `events`: published after the COMMIT, dropped on a rollback."""

    __slots__ = ("connection", "events", "now")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.now = time.time_ns() // 1000
        self.events: list[Event] = []

    def publish(self, event: Event) -> None:
        self.events.append(event)
