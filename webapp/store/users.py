"""Users: the people with an account."""

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, insert, select, update

from webapp.store.schema import community, users


@dataclass(frozen=True, slots=True)
class User:
    id: int
    username: str
    display_name: str
    role: str


SHOWN_NAME = users.c.display_name + func.coalesce(" @" + users.c.handle, "")
"""The display name as shown, with the username where another name looks the same."""
COLUMNS = (users.c.id, users.c.username, users.c.display_name, users.c.role)
FIND = select(*COLUMNS).where(users.c.username == bindparam("username"))
PASSWORD = select(users.c.id, users.c.password_hash).where(users.c.username == bindparam("username"))


def find(connection: Connection, username: str) -> User | None:
    row = connection.execute(FIND, {"username": username}).first()
    return User(*row) if row else None


def password(connection: Connection, username: str) -> tuple[int, str] | None:
    """(id, password hash) of this username, None when there is none."""
    row = connection.execute(PASSWORD, {"username": username}).first()
    return (row[0], row[1]) if row else None


def add(connection: Connection, username: str, display_name: str, password_hash: str, role: str, now: int) -> int:
    """The new id. Raises IntegrityError when the name is taken."""
    made = connection.execute(
        insert(users)
        .values(username=username, display_name=display_name, password_hash=password_hash, role=role, created_at=now)
        .returning(users.c.id)
    )
    return int(made.scalar_one())


def set_skeleton(connection: Connection, user_id: int, skeleton: str) -> None:
    """Store the name's look-alike key; all users with the same key show their username."""
    # A lock until the COMMIT: of two concurrent sign-ups neither would see the other.
    connection.execute(select(community.c.id).with_for_update())
    connection.execute(update(users).where(users.c.id == user_id).values(name_skeleton=skeleton))
    alike = users.c.name_skeleton == skeleton
    if connection.execute(select(func.count()).where(alike)).scalar_one() > 1:
        connection.execute(update(users).where(alike, users.c.handle.is_(None)).values(handle=users.c.username))
