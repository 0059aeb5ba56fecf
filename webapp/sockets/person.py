"""The socket of a page without a room: brings what concerns its person, wherever they are."""

from typing import Any

from starlette.requests import HTTPConnection

from webapp.sockets.consumer import Consumer
from webapp.sockets.shared import Shared

LONGEST_TITLE = 300


class PersonConsumer(Consumer):
    """Serves `/live`. `title` is that of the page's window, to which a dot is added while something is unread."""

    __slots__ = ()

    def __init__(self, scope: Any, receive: Any, send: Any, shared: Shared) -> None:
        super().__init__(scope, receive, send, shared)
        self.title = ""

    async def connect(self) -> None:
        self.title = HTTPConnection(self.scope).query_params.get("title", "")[:LONGEST_TITLE]
        self.connection.write(self.roster.welcome)
        self.shared.readers.arrive(self)

    async def disconnect(self) -> None:
        self.shared.readers.depart(self)

    def entitle(self, title: str) -> None:
        """The number before it is its person's own."""
        super().entitle(title)
        self.shared.readers.entitle(self)

    def stop(self, code: int, reason: str) -> None:
        self.shared.readers.depart(self)
        super().stop(code, reason)
