"""A connection that is reopened after every failure: the base of Publisher and Subscriber."""

import asyncio
import logging
import random
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from math import inf
from typing import Any, NoReturn

from redis.exceptions import NoPermissionError, RedisError, ResponseError

from .connection import Command, RedisConnection
from .verbs import NotTheMaster

logger = logging.getLogger(__name__)

FIRST_DELAY = 0.1
LONGEST_DELAY = 1.0
"""Seconds between two attempts; about as long it takes to notice that a server is back."""
UNREAD = 0.05
REPLIES_PER_TURN = 50
"""Reading buffered replies never suspends, so the link yields to the loop's other tasks after this many."""


class Link(ABC):
    """Keeps one connection open: connects, writes the commands of `_outgoing`, passes each reply to `_heard`, and
    starts over after any failure.

    `up`: the server has answered a PING on this connection, and nothing has failed or been refused since. `problem`:
    why the last attempt failed, or which permission the user lacks; None once it is up. `changed` is called after
    either changes. `timeout`: the seconds that an answer may take, and between two checks of the connection.

    A missing permission does not end the connection: what is allowed goes on, and each check tries again.
    """

    def __init__(self, connection: RedisConnection, changed: Callable[[], None], timeout: float) -> None:
        self.up = False
        self.problem: str | None = None
        self._connection = connection
        self._changed = changed
        self._timeout = timeout
        self._wake = asyncio.Event()
        self._asked_at: float | None = None
        self._up_since = 0.0
        self._answering = False
        self._refusal: str | None = None
        self._left: str | None = None
        self._replies = 0
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep(), name=f"channel layer: {type(self).__name__}")

    async def stop(self, reason: str) -> None:
        """Ends the task and closes the connection without calling `changed`. Waiting publishers get `reason`."""
        self._stopping = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        self.up = False
        self._lost(reason)

    def leave(self, problem: str) -> None:
        """Replaces a connection that works, because of `problem`."""
        self._left = problem
        self._wake.set()

    @abstractmethod
    def _fresh(self) -> None:
        """Called for each new connection: no reply to a command on the old one will come."""

    @abstractmethod
    def _outgoing(self) -> list[Command]:
        """The commands to write now; each has one reply."""

    @abstractmethod
    def _check(self) -> list[Command]:
        """Like `_outgoing`, with checks of the connection, and a PING last: first on a new connection, then every
        `timeout` seconds. Retries what was refused."""

    @abstractmethod
    def _heard(self, reply: Any) -> None:
        """Handles one reply, which is a ResponseError if the server sent an error; calls `_passed` for a PING's reply.
        A RedisError raised here ends the connection."""

    @abstractmethod
    def _lost(self, problem: str) -> None:
        """Ends the waits for replies of the lost connection."""

    async def _keep(self) -> None:
        attempt = 0
        while True:
            try:
                await self._run_once()
            except Exception as error:  # noqa: BLE001  the link must restart after any error: nothing else would
                # A task group that fails while it is cancelled loses the cancellation (Python 3.11).
                if self._stopping:
                    return
                if self._was_steady():
                    attempt = 0
                self._went_down(first_cause(error))
            await asyncio.sleep(full_jitter(attempt))
            attempt += 1

    async def _run_once(self) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                await self._connection.connect()
            self._asked_at = None
            self._left = None
            self._fresh()
            async with asyncio.TaskGroup() as both:
                both.create_task(self._write())
                both.create_task(self._read())
        finally:
            await self._connection.disconnect(nowait=True)

    async def _write(self) -> NoReturn:
        """The only writer, so that a cancelled caller cannot cut a command in two."""
        check_at = -inf
        while True:
            now = asyncio.get_running_loop().time()
            if now >= check_at:
                check_at = now + self._timeout
                commands = self._check()
            else:
                commands = self._outgoing()
            if commands:
                await self._check_answered(now)
                async with asyncio.timeout(self._timeout):
                    packed = self._connection.pack_commands(commands)
                    await self._connection.send_packed_command(packed, check_health=False)
            await self._pause()
            if self._left is not None:
                raise NotTheMaster(self._left)

    async def _read(self) -> NoReturn:
        """Reads all the time, so that a connection closed by the server is noticed before it is used."""
        while True:
            try:
                reply = await self._connection.read_response()
            except ResponseError as error:
                reply = error
            self._asked_at = None
            self._heard(reply)
            self._replies += 1
            if self._replies >= REPLIES_PER_TURN:
                self._replies = 0
                await asyncio.sleep(0)

    def _give_a_turn(self) -> None:
        """Yields to the loop's other tasks before the next reply is read."""
        self._replies = REPLIES_PER_TURN

    async def _pause(self) -> None:
        """Until there is something to write, or the next check is due."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timeout):
                await self._wake.wait()
        self._wake.clear()

    async def _check_answered(self, now: float) -> None:
        """TimeoutError: no reply for `timeout` seconds. A stopped server or a broken network closes no connection.

        If this process was the one that stood still, the reply is there but unread: wait a moment for it.
        """
        if self._asked_at is None:
            self._asked_at = now
        elif now - self._asked_at >= self._timeout:
            await asyncio.sleep(UNREAD)
            if self._asked_at is not None:
                raise TimeoutError

    def _passed(self) -> None:
        """A check was answered."""
        self._answering = True
        if not self.up and self._refusal is None:
            self.up = True
            self.problem = None
            self._up_since = asyncio.get_running_loop().time()
            self._changed()

    def _refuse(self, what: str, error: NoPermissionError) -> str:
        """Down until a check passes without a refusal. Returns the problem."""
        refusal = self._refusal = f"the Redis user may not {what}: {error}"
        if self.up or self.problem != refusal:
            self.up = False
            self.problem = refusal
            self._changed()
        return refusal

    def _was_steady(self) -> bool:
        """Whether the connection lasted. If not, the delay grows: a server that accepts and closes at once must not be
        asked ten times a second."""
        return self.up and asyncio.get_running_loop().time() - self._up_since > LONGEST_DELAY

    def _went_down(self, error: BaseException) -> None:
        if not isinstance(error, RedisError | OSError):
            logger.error("the channel layer's %s failed", type(self).__name__, exc_info=error)
        self.up = False
        self._answering = False
        self._refusal = None
        self.problem = str(error) or "the server did not answer in time"
        self._lost(self.problem)
        self._changed()


def full_jitter(attempt: int) -> float:
    """Seconds to wait after failure number `attempt` (from 0): random, so that many processes do not return at once."""
    return random.uniform(0, min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(attempt, 10)))  # noqa: S311  no secret


def first_cause(error: BaseException) -> BaseException:
    """The first exception inside a task group's."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
