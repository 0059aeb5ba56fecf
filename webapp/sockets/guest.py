"""What the roster, the quotas and a room's listeners know of a consumer."""

from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import ClassVar

from webapp.domain.accounts import Actor
from webapp.sockets.connection import Connection
from webapp.sockets.dispatch import Listener


class Guest(Listener, ABC):
    """One socket. `actor` is None until its person is known, `network` empty when its address is not."""

    __slots__ = ("title",)
    may_wait: ClassVar[bool] = True
    actor: Actor | None
    connection: Connection
    network: str
    title: str
    """Of its page's window; a consumer that tells what is unread sets it."""

    def entitle(self, title: str) -> None:
        """Its page's window is called so now."""
        self.title = title

    async def retitle(self, people: Collection[int]) -> None:
        """These people are called otherwise, and its page's title may name them. Raises Unavailable."""

    @abstractmethod
    def stop(self, code: int, reason: str) -> None:
        """Tell the reason and close with this code; no event reaches it any more."""

    @abstractmethod
    def doubt(self) -> None:
        """Somebody's rights have ended while those of this one were being read."""

    @abstractmethod
    async def recheck(self) -> None:
        """Stop it when its person may not be here any more. Raises Unavailable."""
