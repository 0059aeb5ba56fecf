"""INSERTs that give way to a row which is there already, or which another transaction is about to commit."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

INSERTS: Mapping[str, Callable[..., Any]] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


def insert_unless_there(connection: Connection, table: Table, **values: Any) -> Any:
    """An INSERT of this row; it does nothing where a unique key is taken. Waits for whoever is taking it."""
    return INSERTS[connection.dialect.name](table).values(**values).on_conflict_do_nothing()
