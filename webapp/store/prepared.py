"""Statements of the hot path: compiled once and run on the driver's connection, at a fifth of Core's cost per call.

Everything that is not on that path uses Core.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

from webapp.store.driver import run


class Prepared:
    """`statement` has a named parameter for each value or, as an INSERT, takes `columns`.

    Its results come as the driver gives them: whole numbers and texts, without a type's conversion.
    """

    def __init__(self, statement: Any, columns: Iterable[str] | None = None) -> None:
        self.statement = statement
        self.columns = None if columns is None else list(columns)
        self.compiled: dict[str, Compiled] = {}

    def all(self, connection: Connection, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        """Execute it. Raises DBAPIError, as SQLAlchemy does."""
        dialect = connection.dialect
        compiled = self.compiled.get(dialect.name)
        if compiled is None:
            compiled = self.compiled[dialect.name] = Compiled(self.statement, dialect, self.columns)
        return run(connection, compiled.sql, compiled.parameters(values))

    def first(self, connection: Connection, values: dict[str, Any]) -> tuple[Any, ...] | None:
        """The first row, None without one."""
        rows = self.all(connection, values)
        return rows[0] if rows else None


class Compiled:
    """For one dialect: its SQL, and how that takes values."""

    def __init__(self, statement: Any, dialect: Dialect, columns: list[str] | None) -> None:
        made: SQLCompiler = statement.compile(dialect=dialect, column_keys=columns)
        self.sql = str(made)
        self.order = made.positiontup
        self.constants = {name: bound.value for name, bound in made.binds.items() if not bound.required}
        self.names = made.binds.keys() - self.constants.keys()

    def parameters(self, values: dict[str, Any]) -> Any:
        if values.keys() != self.names:
            raise TypeError(f"the statement takes {sorted(self.names)}, not {sorted(values)}")
        every = self.constants | values
        return every if self.order is None else [every[name] for name in self.order]
