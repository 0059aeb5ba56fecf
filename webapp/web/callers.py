"""Cancels a request whose client has gone: what waits for the database is skipped, and nothing more is done for it.

ASGI tells that a client has gone only to who asks for the next part of the request, and an endpoint that waits for the
database does not. A request that is done within a moment, as nearly all are, costs a timer.
"""

import asyncio
from collections import deque

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOMENT_SECONDS = 0.5
GONE = "http.disconnect"


class Callers:
    """The outermost middleware, so that all of a request ends with it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        if scope["type"] != "http" or task is None:
            await self.app(scope, receive, send)
            return
        caller = Caller(receive, task)
        try:
            await self.app(scope, caller.receive, send)
        except asyncio.CancelledError:
            if not caller.gone or task.uncancel():
                raise
        finally:
            caller.close()


class Caller:
    """Who waits for one answer. After a moment their messages are read ahead, to hear when they go."""

    __slots__ = ("ahead", "gone", "inner", "listening", "loop", "reading", "task", "timer")

    def __init__(self, receive: Receive, task: "asyncio.Task[None]") -> None:
        self.inner = receive
        self.task = task
        self.loop = asyncio.get_running_loop()
        self.ahead: deque[Message] | None = None
        self.listening: asyncio.Task[None] | None = None
        self.reading = False
        self.gone = False
        self.timer = self.loop.call_later(MOMENT_SECONDS, self._listen)

    async def receive(self) -> Message:
        if self.listening is not None and not self.ahead:
            await asyncio.wait([self.listening])
        if self.ahead:
            return self.ahead.popleft()
        if self.gone:
            return {"type": GONE}
        self.reading = True
        try:
            return await self.inner()
        finally:
            self.reading = False

    def _listen(self) -> None:
        """Unless the endpoint itself is reading, or has not read what is there."""
        if self.reading or self.ahead:
            self.timer = self.loop.call_later(MOMENT_SECONDS, self._listen)
        else:
            self.listening = self.loop.create_task(self._read_ahead())

    async def _read_ahead(self) -> None:
        """The last part of the request if it has not been read, then that the client has gone."""
        for _ in range(2):
            message = await self.inner()
            if message["type"] == GONE:
                self.gone = True
                self.task.cancel()
                return
            self.ahead = self.ahead or deque()
            self.ahead.append(message)
            if message.get("more_body"):  # never more than one part: the endpoint decides how much it takes
                break
        self.listening = None
        self.timer = self.loop.call_later(MOMENT_SECONDS, self._listen)

    def close(self) -> None:
        self.timer.cancel()
        if self.listening is not None:
            self.listening.cancel()
