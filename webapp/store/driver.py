"""The driver's own connection behind SQLAlchemy's, for what runs at every post: statements, BEGIN and COMMIT."""

import os
import socket
from contextlib import AbstractContextManager, suppress
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

BY_HAND = "transactions_by_hand"
"""Execution option of a connection whose transactions `transaction` begins and ends."""


def run(connection: Connection, sql: str, parameters: Any = ()) -> list[tuple[Any, ...]]:
    """The rows that the driver answers. A DBAPIError as SQLAlchemy raises it."""
    if not connection.in_transaction() and not connection.get_execution_options().get(BY_HAND):
        connection.begin()  # as Core would, so that its COMMIT is one
    driver: Any = connection.connection.driver_connection
    try:
        cursor = driver.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []
    except connection.dialect.loaded_dbapi.Error as error:
        raise translated(connection, sql, error) from error


def translated(connection: Connection, sql: str, error: Exception) -> BaseException:
    """Without the values, which may be what somebody wrote."""
    dialect = connection.dialect
    gone = dialect.is_disconnect(error, connection.connection, None)  # type: ignore[arg-type]
    if gone:
        connection.invalidate(error)
    return DBAPIError.instance(
        sql, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, connection_invalidated=gone, dialect=dialect
    )


def transaction(connection: Connection) -> AbstractContextManager[Any]:
    """One transaction of a connection that is opened BY_HAND: committed at its end, rolled back if that is an error."""
    if connection.dialect.name == "sqlite":
        return Embedded(connection)
    return connection.begin()


class Embedded:
    """SQLite's, without SQLAlchemy's objects and events around it, which take longer than the commit of a short one."""

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
        """Whatever happened, the next one begins from nothing."""
        try:
            if not self.connection.invalidated:
                driver: Any = self.connection.connection.driver_connection
                if driver.in_transaction:
                    run(self.connection, "ROLLBACK")
        finally:
            if self.connection.in_transaction():
                self.connection.rollback()  # what SQLAlchemy thinks of it; the driver has none any more


class Wire:
    """A second handle on a connection's socket, by which another thread ends what waits on it.

    Nothing else does: a server that is stopped keeps its TCP connections, and its own timeouts stand still with it.
    """

    __slots__ = ("socket",)

    def __init__(self, descriptor: int) -> None:
        self.socket = socket.socket(fileno=os.dup(descriptor))

    @classmethod
    def of(cls, connection: Connection) -> Self | None:
        """None where there is no server."""
        driver: Any = connection.connection.driver_connection
        return None if connection.dialect.name == "sqlite" else cls(driver.fileno())

    def cut(self) -> None:
        with suppress(OSError):  # it has been closed meanwhile
            self.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.socket.close()
