"""What people show of themselves: name, about, time zone, and a status that may have an end."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from webapp.domain import accounts, look_alikes, names
from webapp.domain.accounts import Actor
from webapp.domain.errors import Invalid, NotFound
from webapp.domain.transaction import Transaction
from webapp.store import people
from webapp.store.people import Face, Found, Profile

MOST_ABOUT, MOST_STATUS = 500, 80
LISTED = 20
"""People that a search gives."""
MINUTE = 60_000_000
LASTING: Mapping[str, int | None] = {
    "half-hour": 30 * MINUTE,
    "hour": 60 * MINUTE,
    "four-hours": 240 * MINUTE,
    "today": None,
    "week": 7 * 24 * 60 * MINUTE,
}
"""How long a status may last, by the name in the form; "today" ends with the day. Without one it has no end."""

__all__ = [
    "LASTING", "LISTED", "Face", "Found", "Profile", "change", "changed", "faces", "find", "search", "set_status",
    "status",
]  # fmt: skip


def find(tx: Transaction, _actor: Actor, user_id: int) -> Profile:
    """Anybody of the community, for anybody of it. Raises NotFound."""
    found = people.find(tx.connection, user_id)
    if found is None:
        raise NotFound("Nobody here has this number.")
    return found


def search(tx: Transaction, _actor: Actor, text: str, usernames: Collection[str]) -> list[Found]:
    """Anybody whose name or username holds the text, LISTED at most, by name; before them those of `usernames`.

    Names that look like the text are found, too.
    """
    text = text.strip().removeprefix("@").strip()
    texts = {each for each in (text, text.lower(), look_alikes.skeleton(text)) if each} or {""}
    return people.search(tx.connection, sorted(texts), usernames, LISTED + len(usernames))


def change(tx: Transaction, actor: Actor, name: str, about: str, time_zone: str) -> None:
    """Raises Invalid with all that is wrong."""
    wrong: dict[str, str] = {}
    fine: list[str] = []
    for check, value in ((names.display_name, name), (about_text, about), (zone, time_zone)):
        try:
            fine.append(check(value))
        except Invalid as error:
            wrong |= error.fields
    if wrong:
        raise Invalid(**wrong)
    people.change(tx.connection, actor.id, about=fine[1], time_zone=fine[2])
    if fine[0] != find(tx, actor, actor.id).display_name:
        accounts.rename(tx, actor, fine[0])


def about_text(value: str) -> str:
    """Several lines without invisible characters. Raises Invalid."""
    lines = value.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    text = "\n".join(look_alikes.visible(line).rstrip() for line in lines).strip()
    if len(text) > MOST_ABOUT:
        raise Invalid(about=f"What you say about yourself has at most {MOST_ABOUT} characters; this has {len(text)}.")
    return text


def zone(value: str) -> str:
    """A time zone's name; empty for the community's. Raises Invalid."""
    return names.time_zone(value) if value.strip() else ""


def set_status(tx: Transaction, actor: Actor, text: str, lasting: str, community_zone: str) -> None:
    """An empty text takes it away. Raises Invalid."""
    line = names.line(text, "status", "A status", MOST_STATUS, required=False)
    if lasting and lasting not in LASTING:
        raise Invalid(lasting="Choose one of the ends in the list.")
    own = find(tx, actor, actor.id)
    until = end(lasting, tx.now, own.time_zone or community_zone) if line and lasting else None
    people.change(tx.connection, actor.id, status=line, status_until=until)
    accounts.announce(tx, actor.id)


def end(lasting: str, now: int, time_zone: str) -> int:
    """When a status of now ends, in microseconds since 1970."""
    length = LASTING[lasting]
    if length is not None:
        return now + length
    here = datetime.fromtimestamp(now // 1_000_000, ZoneInfo(time_zone))
    midnight = (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return int(midnight.timestamp()) * 1_000_000


def status(shown: Face | Profile, now: int) -> str:
    """The status at this moment; empty for none, or when it is over."""
    return shown.status if shown.until is None or shown.until > now else ""


def faces(tx: Transaction, ids: Iterable[int]) -> list[Face]:
    return people.faces(tx.connection, ids)


def changed(tx: Transaction, since: int, limit: int) -> list[Face]:
    """Who has changed after this revision of the community's people, by revision."""
    return people.changed(tx.connection, since, limit)
