"""The one row that tells this installation from any other: its name in what it shares with them."""

from sqlalchemy import Connection, select, update

from webapp.store.schema import installation

FIND = select(installation.c.name)


def find(connection: Connection) -> str:
    return str(connection.execute(FIND).scalar_one())


def change(connection: Connection, name: str) -> None:
    connection.execute(update(installation).values(name=name))
