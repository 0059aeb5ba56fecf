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
    """Runs a rule in a transaction of the database's threads, and gives its events to the publisher."""

    def __init__(self, database: Database, publisher: Publisher) -> None:
        self.database = database
        self.publisher = publisher

    async def write(self, rule: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The rule's result, once it is committed. Else it raises Unavailable, or what the rule raises."""
        events: list[Event] = []

        def run(connection: Connection) -> T:
            transaction = Transaction(connection)
            result = rule(transaction, *args, **kwargs)
            events[:] = transaction.events
            return result

        return await self.database.write(run, lambda: self.publisher.tell(events))  # type: ignore[no-any-return]

    async def read(self, rule: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The rule's result, from one snapshot of the database. Raises Unavailable, and what the rule raises."""
        return await self.database.read(lambda connection: rule(Transaction(connection), *args, **kwargs))  # type: ignore[no-any-return]
