"""Direct use of the DB-API connection behind SQLAlchemy's, for the statements, BEGIN and COMMIT of every post."""

import os
import socket
from contextlib import AbstractContextManager, suppress
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

BY_HAND = "transactions_by_hand"
"""Execution option: `transaction` begins and commits on this connection, not SQLAlchemy."""


def run(connection: Connection, sql: str, parameters: Any = ()) -> list[tuple[Any, ...]]:
    """The rows as the driver returns them. Raises DBAPIError, as SQLAlchemy does."""
    if not connection.in_transaction() and not connection.get_execution_options().get(BY_HAND):
        connection.begin()  # as Core would, so that its COMMIT is one
    driver: Any = connection.connection.driver_connection
    try:
        cursor = driver.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []
    except connection.dialect.loaded_dbapi.Error as error:
        raise translated(connection, sql, error) from error


def translated(connection: Connection, sql: str, error: Exception) -> BaseException:
    """The error without the statement's parameters, which may be private text."""
    dialect = connection.dialect
    gone = dialect.is_disconnect(error, connection.connection, None)  # type: ignore[arg-type]
    if gone:
        connection.invalidate(error)
    return DBAPIError.instance(
        sql, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, connection_invalidated=gone, dialect=dialect
    )


def transaction(connection: Connection) -> AbstractContextManager[Any]:
    """A transaction on a BY_HAND connection: commits at the end, rolls back on an error."""
    if connection.dialect.name == "sqlite":
        return Embedded(connection)
    return connection.begin()


class Embedded:
    """SQLite's, without SQLAlchemy's transaction objects and events, which cost more than a short commit."""

    __slots__ = ("connection",)

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def __enter__(self) -> None:
        run(self.connection, self.connection.get_execution_options()["begin"])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                run(self.connection, "COMMIT")
        finally:
            self._clear()

    def _clear(self) -> None:
        """Roll back, whatever the state of the connection is."""
        try:
            if not self.connection.invalidated:
                driver: Any = self.connection.connection.driver_connection
                if driver.in_transaction:
                    run(self.connection, "ROLLBACK")
        finally:
            if self.connection.in_transaction():
                self.connection.rollback()  # what SQLAlchemy thinks of it; the driver has none any more


class Wire:
    """A duplicate descriptor of a connection's socket, by which another thread interrupts a blocked call.

    Nothing else does: a server that is stopped keeps its TCP connections, and its own timeouts stand still with it.
    """

    __slots__ = ("socket",)

    def __init__(self, descriptor: int) -> None:
        self.socket = socket.socket(fileno=os.dup(descriptor))

    @classmethod
    def of(cls, connection: Connection) -> Self | None:
        """None for SQLite."""
        driver: Any = connection.connection.driver_connection
        return None if connection.dialect.name == "sqlite" else cls(driver.fileno())

    def cut(self) -> None:
        with suppress(OSError):  # already closed
            self.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.socket.close()
