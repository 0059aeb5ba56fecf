"""The database's threads: who writes, who reads, and what shares a COMMIT.

SQLite has one writer thread, which drains all that waits into one transaction, and a few readers beside it (WAL).
PostgreSQL has a small bounded pool of each, one transaction for each verb: there the server groups the commits.
A verb is a function of a Connection; it may be run again from the start, as long as it has not been committed.
"""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from webapp.store.driver import BY_HAND, transaction
from webapp.store.engine import open_engine

log = logging.getLogger("tertulia.store")
Verb = Callable[[Connection], Any]


class Unavailable(Exception):
    """The database cannot be reached, or too much waits for it: nothing was written, or nobody knows."""


@dataclass(slots=True)
class Job:
    verb: Verb
    future: "asyncio.Future[Any]"
    committed: Callable[[], None]
    result: Any = None
    error: BaseException | None = None
    ran: bool = False


class Lane:
    """Some threads that take jobs from one queue, at most `batch` to a transaction. Used from one event loop."""

    def __init__(self, engine: Engine, name: str, threads: int, batch: int, waiting: int = 10_000) -> None:
        self.engine = engine
        self.batch = batch
        self.held = threading.local()
        self.loop = asyncio.get_running_loop()
        self.jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self.most = waiting
        self.threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True) for number in range(threads)
        ]
        for thread in self.threads:
            thread.start()

    async def run(self, verb: Verb, committed: Callable[[], None]) -> Any:
        """The verb's result, once its transaction is committed. Raises what the verb raised, or Unavailable.

        `committed` is called on the loop in the order of the commits, also when nobody waits for the result any more.
        """
        job = Job(verb, self.loop.create_future(), committed)
        if self.jobs.qsize() >= self.most:
            raise Unavailable("too many requests wait for the database")
        self.jobs.put(job)
        return await job.future

    def close(self) -> None:
        """Finish what waits, then end the threads."""
        for _ in self.threads:
            self.jobs.put(None)
        for thread in self.threads:
            thread.join()

    def _work(self) -> None:
        while (jobs := self._next()) is not None:
            self._perform(jobs)
            self.loop.call_soon_threadsafe(settle, jobs)
        self._let_go()

    def _next(self) -> list[Job] | None:
        first = self.jobs.get()
        if first is None:
            return None
        jobs = [first]
        while len(jobs) < self.batch:
            try:
                job = self.jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                self.jobs.put(None)
                break
            jobs.append(job)
        return jobs

    def _perform(self, jobs: list[Job]) -> None:
        """One transaction for all; when one of them fails, each again in its own, so that the failure is its alone."""
        try:
            self._commit(jobs)
        except Exception as error:  # noqa: BLE001 - it belongs to a caller, who is given it
            if len(jobs) == 1:
                self._perform_alone(jobs[0], error)
                return
            for job in jobs:
                self._perform([job])

    def _perform_alone(self, job: Job, error: Exception) -> None:
        """A connection that was found dead before the COMMIT is worth one more try with a fresh one."""
        if isinstance(error, DBAPIError) and error.connection_invalidated and not job.ran:
            try:
                self._commit([job])
                return
            except Exception as again:  # noqa: BLE001
                error = again
        job.error = translated(error)

    def _commit(self, jobs: list[Job]) -> None:
        connection = self._connection()
        try:
            with transaction(connection):
                for job in jobs:
                    job.ran = False
                    job.result = job.verb(connection)
                    job.ran = True
        except SQLAlchemyError:
            self._let_go()
            raise

    def _connection(self) -> Connection:
        """This thread's own, between transactions too: taking it from the pool each time costs as much as a query."""
        if getattr(self.held, "connection", None) is None:
            self.held.connection = self.engine.connect().execution_options(**{BY_HAND: True})
        return self.held.connection  # type: ignore[no-any-return]

    def _let_go(self) -> None:
        if (connection := getattr(self.held, "connection", None)) is not None:
            self.held.connection = None
            connection.close()


def translated(error: Exception) -> Exception:
    if isinstance(error, OperationalError) or (isinstance(error, DBAPIError) and error.connection_invalidated):
        log.error("database unavailable: %s", error.orig)
        return Unavailable(str(error.orig))
    return error


def nothing() -> None:
    """A read has nobody to tell."""


def settle(jobs: list[Job]) -> None:
    for job in jobs:
        if job.error is None:
            job.committed()
        if job.future.cancelled():
            continue
        if job.error is None:
            job.future.set_result(job.result)
        else:
            job.future.set_exception(job.error)


class Database:
    """Opened on a running event loop; `url` is SQLAlchemy's, `pool` bounds PostgreSQL's connections."""

    def __init__(self, url: str, pool: int = 5) -> None:
        embedded = url.startswith("sqlite")
        readers = 4 if embedded else max(1, pool // 2)
        writers = 1 if embedded else max(1, pool - readers)
        self.writing = open_engine(url, pool=writers, write=True)
        self.reading = open_engine(url, pool=readers, write=False)
        self.writers = Lane(self.writing, "writer", writers, batch=200 if embedded else 1)
        self.readers = Lane(self.reading, "reader", readers, batch=1)

    async def write(self, verb: Verb, committed: Callable[[], None]) -> Any:
        return await self.writers.run(verb, committed)

    async def read(self, verb: Verb) -> Any:
        return await self.readers.run(verb, nothing)

    async def close(self) -> None:
        for lane in (self.writers, self.readers):
            await asyncio.to_thread(lane.close)
        self.writing.dispose()
        self.reading.dispose()
