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


def exists(connection: Connection, user_id: int) -> bool:
    return connection.execute(select(users.c.id).where(users.c.id == user_id)).first() is not None


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


def set_skeleton(connection: Connection, user_id: int, skeleton: str) -> set[int]:
    """Store the look-alike key of a new person's name; the ids of the others who show their usernames from now on."""
    _lock(connection)
    connection.execute(update(users).where(users.c.id == user_id).values(name_skeleton=skeleton))
    return _settle(connection, skeleton) - {user_id}


def rename(connection: Connection, user_id: int, name: str, skeleton: str) -> set[int]:
    """Store the name with its look-alike key; the ids of all who are called differently now, this person among them."""
    _lock(connection)
    before = connection.execute(select(users.c.name_skeleton).where(users.c.id == user_id)).scalar_one()
    values = {"display_name": name, "name_skeleton": skeleton, "handle": None}
    connection.execute(update(users).where(users.c.id == user_id).values(**values))
    return {user_id} | _settle(connection, skeleton) | _settle(connection, before)


def set_password(connection: Connection, user_id: int, before: str | None, password_hash: str) -> bool:
    """False when the password is not `before` (a hash) any more; None: whatever it is."""
    own = update(users).where(users.c.id == user_id)
    if before is not None:
        own = own.where(users.c.password_hash == before)
    return connection.execute(own.values(password_hash=password_hash)).rowcount == 1


def set_revision(connection: Connection, user_id: int, revision: int) -> None:
    connection.execute(update(users).where(users.c.id == user_id).values(revision=revision))


def _lock(connection: Connection) -> None:
    """Until the COMMIT: of two names that are set at once neither would see the other."""
    connection.execute(select(community.c.id).with_for_update())


def _settle(connection: Connection, skeleton: str) -> set[int]:
    """Usernames beside names that look alike, and none beside one alone; the ids of those where that is new."""
    alike = users.c.name_skeleton == skeleton
    several = connection.execute(select(func.count()).where(alike)).scalar_one() > 1
    changed = (
        update(users).where(alike, users.c.handle.is_(None)).values(handle=users.c.username)
        if several
        else update(users).where(alike, users.c.handle.is_not(None)).values(handle=None)
    )
    return set(connection.execute(changed.returning(users.c.id)).scalars())
