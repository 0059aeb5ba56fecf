"""Threads that run jobs in transactions, from one queue, each within a deadline.

A job that is cancelled or past its deadline is not started. The caller of a running job gets Unavailable at the
deadline; whether it was committed is then unknown, and a repeated request with the same key finds out.
"""

import asyncio
import logging
import math
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from webapp.store.driver import BY_HAND, Wire, transaction

log = logging.getLogger("tertulia.store")
Verb = Callable[[Connection], Any]
SMOOTHING = 16
GRACE_SECONDS = 1.0


class Unavailable(Exception):
    """The database cannot be reached, or not in time. The outcome is nothing, or unknown.

    `retry_after`: seconds until another attempt is sensible.
    """

    def __init__(self, text: str, retry_after: int = 5) -> None:
        super().__init__(text)
        self.retry_after = retry_after


@dataclass(slots=True, eq=False)
class Job:
    """A function to run until `deadline`; `began` when a thread took it. Both by time.monotonic()."""

    verb: Verb
    future: "asyncio.Future[Any]"
    committed: Callable[[], None]
    deadline: float
    timer: asyncio.TimerHandle | None = None
    began: float | None = None
    wire: Wire | None = None
    result: Any = None
    error: BaseException | None = None
    ran: bool = False

    @property
    def wanted(self) -> bool:
        """Whether a caller still waits. Read by the threads, so it may lag the loop by a moment."""
        return not self.future.done() and time.monotonic() < self.deadline


class Lane:
    """Threads with one queue of jobs, at most `batch` to a transaction. Used from one event loop.

    Each job has `seconds` from the moment it is queued. At most `waiting` jobs are queued.
    """

    def __init__(
        self, engine: Engine, name: str, threads: int, batch: int, seconds: float, waiting: int = 10_000
    ) -> None:
        self.engine = engine
        self.batch = batch
        self.seconds = seconds
        self.held = threading.local()
        self.loop = asyncio.get_running_loop()
        self.jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self.most = waiting
        self.callers = 0
        self.moved = 0.0
        self.each = 0.0
        self.away = False
        self.threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True) for number in range(threads)
        ]
        for thread in self.threads:
            thread.start()

    async def run(self, verb: Verb, committed: Callable[[], None]) -> Any:
        """The job's result after its COMMIT. Raises what the job raised, or Unavailable.

        `committed` is called on the loop in the order of the commits, also when the caller was cancelled.
        """
        now = time.monotonic()
        self._refuse_if_hopeless(now)
        job = Job(verb, self.loop.create_future(), committed, now + self.seconds)
        job.timer = self.loop.call_later(self.seconds, self._overdue, job)
        if not self.callers:
            self.moved = now
        self.callers += 1
        self.jobs.put(job)
        try:
            return await job.future
        finally:
            self.callers -= 1

    def _refuse_if_hopeless(self, now: float) -> None:
        """Raise Unavailable at once when the job would probably not start before its deadline.

        `each` is the moving average of a job's time. A lane without a finished job for half a deadline is stopped.
        """
        expected = self.callers * self.each  # cancelled jobs take no time
        stopped = self.callers > 0 and now - self.moved > self.seconds / 2
        if stopped or self.jobs.qsize() >= self.most or expected > self.seconds:
            wait = self.seconds if stopped else expected
            raise Unavailable("too much waits for the database", max(1, math.ceil(min(wait, self.seconds))))

    def _overdue(self, job: Job) -> None:
        """Answer the caller; a thread that is still blocked after GRACE_SECONDS more is interrupted."""
        if not job.future.done():
            job.future.set_exception(Unavailable("the database did not answer in time"))
        if job.began is not None:
            left = job.began + self.seconds + GRACE_SECONDS - time.monotonic()
            job.timer = self.loop.call_later(max(0.0, left), self._cut, job)

    def _cut(self, job: Job) -> None:
        if job.wire is not None:
            log.error("the database has not answered for %.0f s: this connection is given up", self.seconds)
            job.wire.cut()

    def close(self) -> None:
        """Run the queued jobs, then end the threads. Blocks."""
        for _ in self.threads:
            self.jobs.put(None)
        for thread in self.threads:
            thread.join()

    # -- run in the threads

    def _work(self) -> None:
        while (jobs := self._next()) is not None:
            began = time.monotonic()
            self._perform(jobs)
            taken = (time.monotonic() - began) / len(jobs) / len(self.threads)
            self.each += (taken - self.each) / SMOOTHING
            self.loop.call_soon_threadsafe(self._settle, jobs)
        self._let_go()

    def _next(self) -> list[Job] | None:
        """The next jobs, up to a batch. None when the lane is closed."""
        jobs: list[Job] = []
        while len(jobs) < self.batch:
            try:
                job = self.jobs.get(block=not jobs)
            except queue.Empty:
                break
            if job is None:
                if not jobs:
                    return None
                self.jobs.put(None)
                break
            job.began = time.monotonic()  # set before `wanted` is read; `_overdue` reads them in the opposite order
            if job.wanted:
                jobs.append(job)
        return jobs

    def _perform(self, jobs: list[Job]) -> None:
        """Run all in one transaction; when one fails, run each in its own, so that only that one fails."""
        try:
            self._commit(jobs)
        except Exception as error:  # noqa: BLE001 - passed to the caller
            if len(jobs) == 1:
                self._perform_alone(jobs[0], error)
                return
            for job in jobs:
                if job.wanted:
                    self._perform([job])
                else:
                    job.error = Unavailable("the database did not answer in time")

    def _perform_alone(self, job: Job, error: Exception) -> None:
        """Retry once on a new connection when the old one was dead before the COMMIT."""
        if isinstance(error, DBAPIError) and error.connection_invalidated and not job.ran and job.wanted:
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
                    job.wire = self.held.wire
                    job.ran = False
                    job.result = job.verb(connection)
                    job.ran = True
        except SQLAlchemyError:
            self._let_go()
            raise

    def _connection(self) -> Connection:
        """This thread's connection, kept between transactions: taking it from the pool costs as much as a query."""
        if getattr(self.held, "connection", None) is None:
            connection = self.engine.connect().execution_options(**{BY_HAND: True})
            self.held.connection, self.held.wire = connection, Wire.of(connection)
        return self.held.connection  # type: ignore[no-any-return]

    def _let_go(self) -> None:
        if (connection := getattr(self.held, "connection", None)) is not None:
            self.held.connection = None
            if self.held.wire is not None:
                self.held.wire.close()
            connection.close()

    # -- run on the loop

    def _settle(self, jobs: list[Job]) -> None:
        self.moved = time.monotonic()
        for job in jobs:
            if job.timer is not None:
                job.timer.cancel()
            if job.error is None:
                job.committed()
            if job.future.done():
                continue
            if job.error is None:
                job.future.set_result(job.result)
            else:
                job.future.set_exception(job.error)
        self._say(jobs[-1].error)

    def _say(self, error: BaseException | None) -> None:
        """Log once that the database is away, and once that it is back."""
        away = isinstance(error, Unavailable)
        if away and not self.away:
            log.error("database unavailable: %s", error)
        elif self.away and error is None:
            log.warning("the database answers again")
        self.away = away if away or error is None else self.away


def translated(error: Exception) -> Exception:
    if isinstance(error, OperationalError) or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return Unavailable(str(error.orig))
    return error
