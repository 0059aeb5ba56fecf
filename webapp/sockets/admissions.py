"""Reads the rights of sockets that open at the same time in one transaction."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from webapp.domain.accounts import Actor
from webapp.domain.errors import DomainError
from webapp.domain.transaction import Transaction
from webapp.services.unit_of_work import UnitOfWork
from webapp.store.database import Unavailable

Rights = Callable[[Transaction, str], Actor]
MOST = 100
"""In one transaction."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One socket's question: the rule, the session that it is asked for, and who waits for the answer."""

    rights: Rights
    session: str
    answer: asyncio.Future[Actor]


class Admissions:
    """One reading is under way at a time; who asks meanwhile shares the next one."""

    def __init__(self, work: UnitOfWork) -> None:
        self.work = work
        self.waiting: list[Asked] = []
        self.reading: asyncio.Task[None] | None = None

    async def read(self, rights: Rights, session: str) -> Actor:
        """What this rule says, read after this call. Raises what it raises, and Unavailable."""
        asked = Asked(rights, session, asyncio.get_running_loop().create_future())
        self.waiting.append(asked)
        if self.reading is None:
            self.reading = asyncio.create_task(self._read_all(), name="admissions")
        return await asked.answer

    async def _read_all(self) -> None:
        while self.waiting:
            together, self.waiting = self.waiting[:MOST], self.waiting[MOST:]
            try:
                found = await self.work.read(answers, together)
            except Exception as error:  # noqa: BLE001 - passed to who asked
                if isinstance(error, Unavailable):  # they would wait as long again
                    together, self.waiting = together + self.waiting, []
                for asked in together:
                    settle(asked.answer, error)
                continue
            for asked, answer in zip(together, found, strict=True):
                settle(asked.answer, answer)
        self.reading = None


def answers(tx: Transaction, together: Sequence[Asked]) -> list[Actor | DomainError]:
    """Of each its own, from one snapshot of the database."""
    found: list[Actor | DomainError] = []
    for asked in together:
        try:
            found.append(asked.rights(tx, asked.session))
        except DomainError as error:
            found.append(error)
    return found


def settle(future: asyncio.Future[Actor], answer: Actor | Exception) -> None:
    if future.done():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
