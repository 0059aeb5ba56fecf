"""Cancels a request whose client has gone: what waits for the database is skipped, and nothing more is done for it.

ASGI says that a client has gone only in answer to a `receive`, and an endpoint that waits for the database makes none.
A request that is answered within half a second, as nearly all are, costs a timer.
"""

import asyncio
from collections import deque

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOMENT_SECONDS = 0.5
GONE = "http.disconnect"


class Callers:
    """The outermost middleware, so that a cancelled request ends as a whole."""

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
    """The client of one request. After MOMENT_SECONDS its messages are read ahead, which tells when it goes."""

    __slots__ = ("ahead", "arrived", "gone", "inner", "listening", "loop", "reading", "task", "timer")

    def __init__(self, receive: Receive, task: "asyncio.Task[None]") -> None:
        self.inner = receive
        self.task = task
        self.loop = asyncio.get_running_loop()
        self.ahead: deque[Message] | None = None
        self.arrived: asyncio.Future[None] | None = None
        self.listening: asyncio.Task[None] | None = None
        self.reading = False
        self.gone = False
        self.timer = self.loop.call_later(MOMENT_SECONDS, self._listen)

    async def receive(self) -> Message:
        """The next message of the request, read ahead or not."""
        while self.listening is not None and not self.ahead:
            self.arrived = self.loop.create_future()
            await self.arrived
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
        """Start reading ahead, unless the endpoint itself is reading, or has not read all that is there."""
        if self.reading or self.ahead:
            self.timer = self.loop.call_later(MOMENT_SECONDS, self._listen)
        else:
            self.listening = self.loop.create_task(self._read_ahead())

    async def _read_ahead(self) -> None:
        """Read the next part of the request, then the message that the client has gone."""
        try:
            for _ in range(2):
                message = await self.inner()
                if message["type"] == GONE:
                    self.gone = True
                    self.task.cancel()
                    return
                self.ahead = self.ahead or deque()
                self.ahead.append(message)
                if message.get("more_body"):  # one part at most: the endpoint decides how much it takes
                    break
                self._wake()
            self.timer = self.loop.call_later(MOMENT_SECONDS, self._listen)
        finally:
            self.listening = None
            self._wake()

    def _wake(self) -> None:
        """Who waits in `receive` looks again: a message is there, or nothing reads ahead any more."""
        if self.arrived is not None and not self.arrived.done():
            self.arrived.set_result(None)

    def close(self) -> None:
        """The request is answered: stop listening."""
        self.timer.cancel()
        if self.listening is not None:
            self.listening.cancel()
