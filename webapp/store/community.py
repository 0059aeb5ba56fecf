"""The community's row; there is one."""

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from webapp.store.schema import community


@dataclass(frozen=True, slots=True)
class Community:
    name: str
    time_zone: str
    revocations: int
    people_revision: int = 0


FIND = select(community.c.name, community.c.time_zone, community.c.revocations, community.c.people_revision)


def find(connection: Connection) -> Community | None:
    row = connection.execute(FIND).first()
    return Community(*row) if row else None


def add(connection: Connection, name: str, time_zone: str, now: int) -> None:
    """Raises sqlalchemy's IntegrityError when there is one already."""
    connection.execute(insert(community).values(id=1, name=name, time_zone=time_zone, created_at=now))


def change(connection: Connection, name: str, time_zone: str) -> None:
    connection.execute(update(community).values(name=name, time_zone=time_zone))


def count_revocation(connection: Connection) -> None:
    connection.execute(update(community).values(revocations=community.c.revocations + 1))


def advance_people(connection: Connection) -> int:
    """The revision of a change of what a person shows. Holds the row's lock until the end of the transaction."""
    following = community.c.people_revision + 1
    changed = update(community).values(people_revision=following).returning(community.c.people_revision)
    return int(connection.execute(changed).scalar_one())
