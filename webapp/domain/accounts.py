"""Accounts: the first admin, sign-up by invitation, and the sessions of their browsers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy.exc import IntegrityError

from webapp.domain import community, events, invitations, look_alikes
from webapp.domain.errors import AnotherPerson, Conflict, Invalid, SignedOut
from webapp.domain.transaction import Transaction
from webapp.store import sessions, users
from webapp.store.users import User

DAY = 86_400_000_000
IDLE, ABSOLUTE = 30 * DAY, 180 * DAY
TOUCH_EVERY = DAY // 24
MOST_SESSIONS = 100
"""Sessions of one person; one more ends the oldest."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Actor:
    """The person who asks, with a live session. `until`: when the session expires, in microseconds since 1970."""

    id: int
    username: str
    display_name: str
    role: str
    session: str
    until: int
    stale: bool


@dataclass(frozen=True, slots=True)
class Browser:
    """A session's device: its IP address and its User-Agent."""

    session: str
    address: str
    device: str


@dataclass(frozen=True, slots=True)
class Newcomer:
    username: str
    display_name: str
    password_hash: str


def authenticate(tx: Transaction, session: str | None, author: int | None = None) -> Actor:
    """Who is behind this session hash. Raises SignedOut, and AnotherPerson when it is not the `author` of a form."""
    found = sessions.find(tx.connection, session) if session else None
    if found is None:
        raise SignedOut
    until = min(found.created_at + ABSOLUTE, found.seen_at + IDLE)
    if until <= tx.now:
        raise SignedOut
    if author is not None and author != found.user_id:
        raise AnotherPerson(found.display_name)
    stale = tx.now - found.seen_at > TOUCH_EVERY
    return Actor(found.user_id, found.username, found.display_name, found.role, found.id_hash, until, stale)


Rule = Callable[Concatenate[Transaction, Actor, P], T]


def acting(
    session: str | None, rule: Rule[P, T], *args: P.args, **kwargs: P.kwargs
) -> Callable[[Transaction], tuple[Actor, T]]:
    """The rule for whoever this session belongs to, to be run in one transaction: gives (the actor, its result).

    That raises SignedOut, and what the rule raises.
    """

    def run(tx: Transaction) -> tuple[Actor, T]:
        actor = authenticate(tx, session)
        return actor, rule(tx, actor, *args, **kwargs)

    return run


def acting_for(
    session: str | None, author: int | None, rule: Rule[P, T], *args: P.args, **kwargs: P.kwargs
) -> Callable[[Transaction], tuple[Actor, T]]:
    """The same for a form that was made for the person `author`, None when it does not say: AnotherPerson for others.

    On PostgreSQL a rule may wait for a lock while somebody signs out: nothing is written then.
    """

    def run(tx: Transaction) -> tuple[Actor, T]:
        actor = authenticate(tx, session, author)
        result = rule(tx, actor, *args, **kwargs)
        authenticate(tx, session)
        return actor, result

    return run


def touch(tx: Transaction, session: str) -> None:
    sessions.touch(tx.connection, session, tx.now)


def password_of(tx: Transaction, username: str) -> tuple[int, str] | None:
    """(id, password hash) of this username, None when there is no such account."""
    return users.password(tx.connection, username.strip().lower())


def start_session(tx: Transaction, user_id: int, browser: Browser, replaces: str | None) -> None:
    """Sign in. Ends the session `replaces`, which the browser sent, whoever owns it."""
    if replaces:
        end_session(tx, replaces)
    sessions.remove_expired(tx.connection, tx.now - ABSOLUTE, tx.now - IDLE)
    sessions.add(tx.connection, browser.session, user_id, tx.now, browser.address, browser.device)
    for old in sessions.before_newest(tx.connection, user_id, MOST_SESSIONS):
        end_session(tx, old)


def end_session(tx: Transaction, session: str) -> None:
    user_id = sessions.remove(tx.connection, session)
    if user_id is not None:
        community.count_revocation(tx)
        tx.publish(events.session_ended(user_id, session))


def end_others(tx: Transaction, user_id: int, current: str | None) -> int:
    """End all sessions of this person but the current one; how many those were."""
    others = [each for each in sessions.before_newest(tx.connection, user_id, 0) if each != current]
    for each in others:
        end_session(tx, each)
    return len(others)


def set_password(tx: Transaction, user_id: int, before: str | None, password_hash: str, current: str | None) -> int:
    """Store the hash and end the person's sessions but `current`; how many those were.

    `before`: the hash that was verified. Raises Conflict when that has been changed meanwhile.
    """
    if not users.set_password(tx.connection, user_id, before, password_hash):
        raise Conflict("Your password was changed a moment ago, on another page. Try again with that one.")
    return end_others(tx, user_id, current)


def rename(tx: Transaction, actor: Actor, name: str) -> None:
    """Call the actor by this name, which `names.display_name` has checked."""
    announce(tx, *users.rename(tx.connection, actor.id, name, look_alikes.skeleton(name)))


def announce(tx: Transaction, *user_ids: int) -> None:
    """What these people show of themselves has changed: each takes the next revision, and every process hears it."""
    for user_id in sorted(user_ids):
        revision = community.advance_people(tx)
        users.set_revision(tx.connection, user_id, revision)
        tx.publish(events.people_changed(revision))


def set_up(tx: Transaction, name: str, time_zone: str, admin: Newcomer) -> int:
    """Create the community and its admin; returns the admin's id. Raises Conflict when it exists, Invalid."""
    community.found(tx, name, time_zone)
    return _add(tx, admin, "admin")


def sign_up(tx: Transaction, invitation_id: int, newcomer: Newcomer) -> int:
    """The new person's id, for one use of the invitation. Raises NotFound, Invalid."""
    invitations.use(tx, invitation_id)
    return _add(tx, newcomer, "member")


def find(tx: Transaction, username: str) -> User | None:
    return users.find(tx.connection, username.strip().lower())


def exists(tx: Transaction, user_id: int) -> bool:
    return users.exists(tx.connection, user_id)


def _add(tx: Transaction, newcomer: Newcomer, role: str) -> int:
    if users.find(tx.connection, newcomer.username):
        raise Invalid(username="This username is taken.")
    name = newcomer.display_name
    try:
        user_id = users.add(tx.connection, newcomer.username, name, newcomer.password_hash, role, tx.now)
    except IntegrityError as error:
        raise Invalid(username="This username is taken.") from error
    announce(tx, *users.set_skeleton(tx.connection, user_id, look_alikes.skeleton(name)))
    return user_id
