"""A connection that comes back: what publisher and subscriber have in common."""

import asyncio
import logging
import random
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from math import inf
from typing import Any, NoReturn

from redis.exceptions import NoPermissionError, RedisError, ResponseError

from webapp.channel_layer.redis_connection import Command, RedisConnection
from webapp.channel_layer.redis_verbs import NotTheMaster

logger = logging.getLogger(__name__)

FIRST_DELAY = 0.1
LONGEST_DELAY = 1.0
"""Seconds between two attempts: a server that is back is found within about that time."""
UNREAD = 0.05
REPLIES_PER_TURN = 50
"""While replies lie buffered, reading them waits for nothing: the loop's other tasks, whoever reads a channel among
them, get a turn after so many."""


class Link(ABC):
    """Keeps one connection for as long as the layer lives: connects, writes what `_outgoing` gives, hands each reply to
    `_heard`, and begins again after any failure.

    `up`: the server has answered a PING on this connection, and nothing has failed or been refused since. `problem`:
    why the last attempt failed, or what the user may not do, None once it is up. `changed` is called after either of
    them changes. `timeout`: seconds that any answer may take, and between two checks of the connection.

    A refusal is no failure: the connection is kept, what is allowed goes on, and each check asks again.
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
        """Ends the task and closes the connection; nothing is `changed`. `reason` is for who waits for an answer."""
        self._stopping = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        self.up = False
        self._lost(reason)

    def leave(self, problem: str) -> None:
        """Gives up a connection that seems well, for a new one."""
        self._left = problem
        self._wake.set()

    @abstractmethod
    def _fresh(self) -> None:
        """The connection is a new one: nothing that was asked of the old one will be answered."""

    @abstractmethod
    def _outgoing(self) -> list[Command]:
        """What is to be written now; each command is answered."""

    @abstractmethod
    def _check(self) -> list[Command]:
        """The same with questions about the connection, a PING last: with the first words on a new one, then each
        `timeout` seconds. What was refused is asked for again."""

    @abstractmethod
    def _heard(self, reply: Any) -> None:
        """Calls `_passed` at a PING's answer. `reply` is a ResponseError if that is what the server has answered; a
        RedisError that is raised ends the connection."""

    @abstractmethod
    def _lost(self, problem: str) -> None:
        """Lets go whoever waits for an answer of the connection that is gone."""

    async def _keep(self) -> None:
        attempt = 0
        while True:
            try:
                await self._run_once()
            except Exception as error:  # noqa: BLE001  whatever it was, the link must come back: nobody else would notice
                # A task group that fails in the moment of its cancellation forgets the cancellation (Python 3.11).
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
        """The only writer: a caller that is cancelled must not cut a command in two."""
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
        """Always reading, so that a connection which the server closes is known to be closed before it is used."""
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
        """To the loop's other tasks, before the next reply is read."""
        self._replies = REPLIES_PER_TURN

    async def _pause(self) -> None:
        """Until there is something to write, or it is time to ask whether the server still lives."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timeout):
                await self._wake.wait()
        self._wake.clear()

    async def _check_answered(self, now: float) -> None:
        """A server that is stopped, or behind a dead wire, closes nothing: only its silence tells.

        If it was this process that stood still, the answer lies unread: it gets a moment to be read.
        """
        if self._asked_at is None:
            self._asked_at = now
        elif now - self._asked_at >= self._timeout:
            await asyncio.sleep(UNREAD)
            if self._asked_at is not None:
                raise TimeoutError

    def _passed(self) -> None:
        """A check is answered."""
        self._answering = True
        if not self.up and self._refusal is None:
            self.up = True
            self.problem = None
            self._up_since = asyncio.get_running_loop().time()
            self._changed()

    def _refuse(self, what: str, error: NoPermissionError) -> str:
        """Not up until a check brings no refusal; the problem."""
        refusal = self._refusal = f"the Redis user may not {what}: {error}"
        if self.up or self.problem != refusal:
            self.up = False
            self.problem = refusal
            self._changed()
        return refusal

    def _was_steady(self) -> bool:
        """A server that takes us and drops us at once must not be asked ten times a second."""
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
    """Seconds to wait after failure number `attempt` (from 0), so that many processes do not come back at once."""
    return random.uniform(0, min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(attempt, 10)))  # noqa: S311  no secret


def first_cause(error: BaseException) -> BaseException:
    """What a task group wraps."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
