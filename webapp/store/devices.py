"""The sessions of a person, to be shown to them. They are written in sessions.py."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from webapp.store.schema import sessions


@dataclass(frozen=True, slots=True)
class Device:
    """A session: `agent` is the User-Agent that it was begun with. Moments in microseconds since 1970."""

    session: str
    created_at: int
    seen_at: int
    address: str
    agent: str


COLUMNS = (sessions.c.id_hash, sessions.c.created_at, sessions.c.seen_at, sessions.c.address, sessions.c.device)


def of_user(connection: Connection, user_id: int) -> list[Device]:
    """The one that was seen last comes first."""
    own = select(*COLUMNS).where(sessions.c.user_id == user_id).order_by(sessions.c.seen_at.desc(), sessions.c.id_hash)
    return [Device(*row) for row in connection.execute(own)]
