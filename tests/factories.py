"""People and rooms for tests, made by the domain's own verbs in one transaction after the other."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine

from webapp.domain import accounts, invitations, memberships, messages, rooms
from webapp.domain.accounts import Actor, Browser, Newcomer
from webapp.domain.events import BELL_GROUP, Event
from webapp.domain.messages import Draft, Message
from webapp.domain.transaction import Transaction
from webapp.store.engine import migrate, open_engine

SECOND = 1_000_000


class House:
    """A community in a database: `do` runs one verb in one transaction and keeps what it published, in `bell` what
    every process hears of rooms and people, in `events` the rest."""

    def __init__(self, url: str) -> None:
        migrate(url)
        self.engine: Engine = open_engine(url)
        self.events: list[Event] = []
        self.bell: list[Event] = []
        self.shift = 0
        self.keys = 0
        self.ana = self.do(accounts.set_up, "Casa", "UTC", Newcomer("ana", "Ana Lima", "hash"))
        self.room = self.do(rooms.create, self.ana, "General", "", "open")
        self.admin = self.sign_in(self.ana)

    def do(self, verb: Callable[..., Any], *args: Any) -> Any:
        with self.engine.connect() as connection, connection.begin():
            tx = Transaction(connection)
            tx.now += self.shift
            result = verb(tx, *args)
        self.events += [event for event in tx.events if event.group != BELL_GROUP]
        self.bell += [event for event in tx.events if event.group == BELL_GROUP]
        return result

    def later(self, seconds: float) -> None:
        self.shift += int(seconds * SECOND)

    def person(self, name: str) -> Actor:
        """Somebody new, signed in."""
        invitation = self.do(invitations.make, self.admin, 1, 1)
        user_id = self.do(accounts.sign_up, invitation, Newcomer(name.lower(), name, "hash"))
        return self.sign_in(user_id)

    def sign_in(self, user_id: int) -> Actor:
        self.keys += 1
        session = f"session-{user_id}-{self.keys}"
        self.do(accounts.start_session, user_id, Browser(session, "127.0.0.1", "test"), None)
        return self.do(accounts.authenticate, session)

    def member(self, name: str, room_id: int | None = None) -> Actor:
        actor = self.person(name)
        self.do(memberships.join, actor, room_id or self.room)
        return actor

    def post(self, actor: Actor, body: str, room_id: int | None = None, key: str = "") -> Message:
        self.keys += 1
        draft = Draft(key or f"key-{self.keys:08}", body, f"<p>{body}</p>")
        return self.do(messages.post, actor, room_id or self.room, draft, "UTC")

    def close(self) -> None:
        self.engine.dispose()
