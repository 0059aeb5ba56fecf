"""The database threads: writers, readers, and group commit.

SQLite has one writer thread, which runs all queued jobs in one transaction, and a few reader threads (WAL).
PostgreSQL has a small pool of each and one transaction per job: the server groups the commits.
A job is a function of a Connection. It may run again from the start until it is committed.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from webapp.store.engine import open_engine
from webapp.store.lane import Lane, Unavailable, Verb

__all__ = ["Database", "Unavailable"]


def nothing() -> None:
    """Called after a read, which publishes no events."""


class Database:
    """Opened on a running event loop. `url`: SQLAlchemy's. `pool`: PostgreSQL connections. `seconds`: the deadline of
    each job. `read` and `write` raise Unavailable, and what the job raises."""

    def __init__(self, url: str, pool: int = 5, seconds: float = 10.0) -> None:
        embedded = url.startswith("sqlite")
        readers = 4 if embedded else max(1, pool // 2)
        writers = 1 if embedded else max(1, pool - readers)
        self.writing = open_engine(url, pool=writers, write=True, seconds=seconds)
        self.reading = open_engine(url, pool=readers, write=False, seconds=seconds)
        self.writers = Lane(self.writing, "writer", writers, batch=200 if embedded else 1, seconds=seconds)
        self.readers = Lane(self.reading, "reader", readers, batch=1, seconds=seconds)

    async def write(self, verb: Verb, committed: Callable[[], None]) -> Any:
        return await self.writers.run(verb, committed)

    async def read(self, verb: Verb) -> Any:
        return await self.readers.run(verb, nothing)

    async def close(self) -> None:
        for lane in (self.writers, self.readers):
            await asyncio.to_thread(lane.close)
        self.writing.dispose()
        self.reading.dispose()
