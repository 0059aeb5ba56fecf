"""Runs rules in the database's threads and publishes their events after the COMMIT, in the order of the commits.

`await work.write(messages.post, actor, ...)` runs a rule in the writer thread.
"""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from webapp.domain.events import Event
from webapp.domain.transaction import Transaction
from webapp.services.publisher import Publisher
from webapp.store.database import Database

P = ParamSpec("P")
T = TypeVar("T")


class UnitOfWork:
    """Runs verbs in the database's threads and publishes what they collected."""

    def __init__(self, database: Database, publisher: Publisher) -> None:
        self.database = database
        self.publisher = publisher

    async def write(self, verb: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The verb's result, once it is committed and on its way to be told."""
        events: list[Event] = []

        def run(connection: Connection) -> T:
            transaction = Transaction(connection)
            result = verb(transaction, *args, **kwargs)
            events[:] = transaction.events
            return result

        return await self.database.write(run, lambda: self.publisher.tell(events))  # type: ignore[no-any-return]

    async def read(self, verb: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The verb's result, from one snapshot of the database."""
        return await self.database.read(lambda connection: verb(Transaction(connection), *args, **kwargs))  # type: ignore[no-any-return]
