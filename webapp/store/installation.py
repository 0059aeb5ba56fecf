"""The row with this installation's id."""

from sqlalchemy import Connection, select, update

from webapp.store.schema import installation

FIND = select(installation.c.name)


def find(connection: Connection) -> str:
    return str(connection.execute(FIND).scalar_one())


def change(connection: Connection, name: str) -> None:
    connection.execute(update(installation).values(name=name))
