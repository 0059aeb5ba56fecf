"""Links to set a new password. The code in a link is made from the id and the secret key; it is not kept."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update

from webapp.store.schema import resets, users


@dataclass(frozen=True, slots=True)
class Reset:
    """`newest`: the id of the person's newest link. `made_by` is None for the command line's."""

    id: int
    user_id: int
    username: str
    display_name: str
    role: str
    made_by: int | None
    expires_at: int
    used_at: int | None
    newest: int


LATER = resets.alias()
NEWEST = select(func.max(LATER.c.id)).where(LATER.c.user_id == resets.c.user_id).scalar_subquery()
COLUMNS = (
    resets.c.id,
    resets.c.user_id,
    users.c.username,
    users.c.display_name,
    users.c.role,
    resets.c.made_by,
    resets.c.expires_at,
    resets.c.used_at,
    NEWEST,
)
READ = select(*COLUMNS).join(users, users.c.id == resets.c.user_id)


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    username: str
    display_name: str
    role: str


def add(connection: Connection, user_id: int, made_by: int | None, expires_at: int, now: int) -> int:
    values = {"user_id": user_id, "made_by": made_by, "expires_at": expires_at, "created_at": now}
    return int(connection.execute(insert(resets).values(**values).returning(resets.c.id)).scalar_one())


def find(connection: Connection, reset_id: int) -> Reset | None:
    row = connection.execute(READ.where(resets.c.id == reset_id)).first()
    return Reset(*row) if row else None


def use(connection: Connection, reset_id: int, now: int) -> bool:
    """Use it up; False when it was used, or is over."""
    used = (
        update(resets)
        .where(resets.c.id == reset_id, resets.c.used_at.is_(None), resets.c.expires_at > now)
        .values(used_at=now)
    )
    return connection.execute(used).rowcount == 1


def end(connection: Connection, user_id: int, now: int) -> None:
    """Whatever of this person's could still be used is over."""
    still = (resets.c.user_id == user_id) & resets.c.used_at.is_(None) & (resets.c.expires_at > now)
    connection.execute(update(resets).where(still).values(expires_at=now))


def open_ones(connection: Connection, ids: Iterable[int], now: int) -> list[Reset]:
    """Of these people, the links that can be used."""
    usable = READ.where(resets.c.used_at.is_(None), resets.c.expires_at > now, resets.c.id == NEWEST)
    return [Reset(*row) for row in connection.execute(usable.where(resets.c.user_id.in_(list(ids))))]


def people(connection: Connection, text: str, limit: int) -> list[Person]:
    """Everybody whose name or username holds this text, by name."""
    named = func.lower(users.c.display_name).contains(text, autoescape=True)
    found = (
        select(users.c.id, users.c.username, users.c.display_name, users.c.role)
        .where(named | users.c.username.contains(text, autoescape=True))
        .order_by(func.lower(users.c.display_name), users.c.id)
        .limit(limit)
    )
    return [Person(*row) for row in connection.execute(found)]


def person(connection: Connection, user_id: int) -> Person | None:
    row = connection.execute(
        select(users.c.id, users.c.username, users.c.display_name, users.c.role).where(users.c.id == user_id)
    ).first()
    return Person(*row) if row else None
