"""What people show of themselves: their profiles, read together with their names."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, insert, or_, select, update

from webapp.store.schema import profiles, users
from webapp.store.users import SHOWN_NAME


@dataclass(frozen=True, slots=True)
class Face:
    """What is shown of a person wherever they are named. `until`: when the status ends, in microseconds since 1970.

    `revision`: the change of the community's people that made it so.
    """

    id: int
    name: str
    status: str
    until: int | None
    revision: int


@dataclass(frozen=True, slots=True)
class Profile:
    """All of a person. `display_name` is as they typed it, `name` as it is shown; an empty `time_zone` is the
    community's."""

    id: int
    username: str
    display_name: str
    name: str
    role: str
    about: str
    time_zone: str
    status: str
    until: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """A person in a list to choose from."""

    id: int
    username: str
    name: str
    chosen: bool


SEARCHED = (func.lower(users.c.display_name), users.c.display_name, users.c.username, users.c.name_skeleton)
ABOUT = func.coalesce(profiles.c.about, "")
ZONE = func.coalesce(profiles.c.time_zone, "")
STATUS = func.coalesce(profiles.c.status, "")
EVERYBODY = users.outerjoin(profiles, profiles.c.user_id == users.c.id)
FACES = select(users.c.id, SHOWN_NAME, STATUS, profiles.c.status_until, users.c.revision).select_from(EVERYBODY)
OF_THESE = FACES.where(users.c.id.in_(bindparam("ids", expanding=True)))
CHANGED = FACES.where(users.c.revision > bindparam("since")).order_by(users.c.revision).limit(bindparam("limit"))
PROFILE = (
    select(
        users.c.id, users.c.username, users.c.display_name, SHOWN_NAME, users.c.role, ABOUT, ZONE, STATUS,
        profiles.c.status_until,
    )
    .select_from(EVERYBODY)
    .where(users.c.id == bindparam("id"))
)  # fmt: skip


def faces(connection: Connection, ids: Iterable[int]) -> list[Face]:
    return [Face(*row) for row in connection.execute(OF_THESE, {"ids": list(ids)})]


def changed(connection: Connection, since: int, limit: int) -> list[Face]:
    """Who has changed after this revision, by revision."""
    return [Face(*row) for row in connection.execute(CHANGED, {"since": since, "limit": limit})]


def find(connection: Connection, user_id: int) -> Profile | None:
    row = connection.execute(PROFILE, {"id": user_id}).first()
    return Profile(*row) if row else None


def search(connection: Connection, texts: Collection[str], usernames: Collection[str], limit: int) -> list[Found]:
    """People whose name or username holds one of these texts, by name; before them those of these usernames."""
    chosen = users.c.username.in_(list(usernames))
    named = [column.contains(text, autoescape=True) for text in texts for column in SEARCHED]
    rows = (
        select(users.c.id, users.c.username, SHOWN_NAME, chosen)
        .where(or_(chosen, *named))
        .order_by(chosen.desc(), func.lower(users.c.display_name), users.c.id)
        .limit(limit)
    )
    return [Found(*row) for row in connection.execute(rows)]


def change(connection: Connection, user_id: int, **values: str | int | None) -> None:
    """Set these columns of the person's profile, which begins with the first of them."""
    connection.execute(select(users.c.id).where(users.c.id == user_id).with_for_update())  # one beginning at a time
    own = update(profiles).where(profiles.c.user_id == user_id).values(**values)
    if not connection.execute(own).rowcount:
        connection.execute(insert(profiles).values(user_id=user_id, **values))
