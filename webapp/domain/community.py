"""The community: its name, its time zone, and a count of revoked rights."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError

from webapp.domain import events, names, policy
from webapp.domain.errors import Conflict, Forbidden
from webapp.domain.policy import Person
from webapp.domain.transaction import Transaction
from webapp.store import community
from webapp.store.community import Community

__all__ = ["Community", "advance_people", "change", "count_revocation", "current", "found", "utc_offset"]


def current(tx: Transaction) -> Community | None:
    """None before the first run."""
    return community.find(tx.connection)


def found(tx: Transaction, name: str, time_zone: str) -> None:
    """Create the community's row. Raises Conflict when it exists already, Invalid."""
    try:
        community.add(tx.connection, names.line(name, "community", "The community's name", 80), time_zone, tx.now)
    except IntegrityError as error:
        raise Conflict("This community has been set up already. Sign in instead.") from error
    tx.publish(events.community_changed())


def change(tx: Transaction, actor: Person, name: str, time_zone: str) -> None:
    """Set name and time zone. Raises Forbidden, Invalid."""
    if not policy.may_administer(actor):
        raise Forbidden("Only an admin may do this.")
    community.change(
        tx.connection, names.line(name, "community", "The community's name", 80), names.time_zone(time_zone)
    )
    tx.publish(events.community_changed())


def count_revocation(tx: Transaction) -> None:
    """Count a revoked right. A process that missed the event compares the count and rechecks its sockets."""
    community.count_revocation(tx.connection)


def advance_people(tx: Transaction) -> int:
    """Count a change of what a person shows. A process that missed the event finds by the count what changed."""
    return community.advance_people(tx.connection)


def utc_offset(time_zone: str, now: int) -> int:
    """Seconds that this zone's clock was ahead of UTC at `now` (microseconds since 1970)."""
    moment = datetime.fromtimestamp(now // 1_000_000, UTC).astimezone(ZoneInfo(time_zone))
    return int((moment.utcoffset() or timedelta()).total_seconds())
