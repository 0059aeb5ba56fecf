"""Where somebody is signed in, and the end of it: their own sessions, one for each browser.

A device's id in an address is a digest of the stored hash of its session, and finds nothing but among the sessions of
whoever asks: neither the hash nor the cookie can be found from it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from webapp.domain import accounts
from webapp.domain.accounts import ABSOLUTE, IDLE, Actor
from webapp.domain.errors import NotFound
from webapp.domain.transaction import Transaction
from webapp.store import devices

# The first that a User-Agent holds: later names are in the agents of the earlier ones, too.
BROWSERS: Sequence[tuple[str, str]] = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
SYSTEMS: Sequence[tuple[str, str]] = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Device:
    """`name` in words; `seen_at` in microseconds since 1970, to the hour; `here`: the one that asks."""

    id: str
    name: str
    address: str
    seen_at: int
    here: bool


def own(tx: Transaction, actor: Actor) -> list[Device]:
    """The actor's, this one first, then by when they were seen."""
    found = [
        Device(id_of(each.session), name_of(each.agent), each.address, each.seen_at, each.session == actor.session)
        for each in devices.of_user(tx.connection, actor.id)
        if each.created_at > tx.now - ABSOLUTE and each.seen_at > tx.now - IDLE
    ]
    return sorted(found, key=lambda each: not each.here)


def end(tx: Transaction, actor: Actor, device_id: str) -> bool:
    """Sign it out. False for the one that asks, which signs itself out. Raises NotFound for what is not the actor's."""
    session = next(
        (each.session for each in devices.of_user(tx.connection, actor.id) if id_of(each.session) == device_id), None
    )
    if session is None:
        raise NotFound("This device is signed out already, or is not yours.")
    if session == actor.session:
        return False
    accounts.end_session(tx, session)
    return True


def end_others(tx: Transaction, actor: Actor) -> int:
    """Sign all but the one that asks out; how many those were."""
    return accounts.end_others(tx, actor.id, actor.session)


def id_of(session: str) -> str:
    """16 hex digits."""
    return hashlib.blake2b(session.encode(), digest_size=8, person=b"device").hexdigest()


def name_of(agent: str) -> str:
    """Such as `Firefox on Linux`; what is not known as it calls itself."""
    browser = next((name for mark, name in BROWSERS if mark in agent), None)
    system = next((name for mark, name in SYSTEMS if mark in agent), None)
    if browser is None:
        return agent.strip() or "An unknown device"
    return f"{browser} on {system}" if system else browser
