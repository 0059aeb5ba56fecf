"""How many sockets one person, or one address, may have over all processes; with one too many the oldest closes.

A process tells the others how many it has of a key from a tenth of the limit on, so that ordinary people cost nothing;
so each process may have that tenth unknown to the others, and while Redis is away each counts its own alone. What a
process has told is repeated, and forgotten when it is not.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from webapp.domain import events
from webapp.domain.events import Event, Values
from webapp.sockets.codes import Close
from webapp.sockets.dispatch import Listener, handler
from webapp.sockets.guest import Guest
from webapp.sockets.shapes import text, whole

TOGETHER_SECONDS = 0.25
RENEW_SECONDS = 10.0
FORGET_SECONDS = 35.0
MOST_KEYS = 10_000


@dataclass(frozen=True, slots=True)
class Share:
    """What another process has of a key: how many, the moment of the oldest, and until when that counts."""

    count: int
    oldest: int
    until: float


class Quota(Listener):
    """At most `limit` sockets of one key. `kind` names what the keys are, for the other processes."""

    def __init__(self, kind: str, limit: int, reason: str, tell: Callable[[list[Event]], None]) -> None:
        self.kind = kind
        self.limit = limit
        self.reason = reason
        self.tell = tell
        self.process = secrets.token_hex(8)
        self.many = max(1, limit // 10)
        self.own: dict[str, dict[Guest, int]] = {}
        self.others: dict[str, dict[str, Share]] = {}
        self.told: set[str] = set()
        self.changed: set[str] = set()

    def enter(self, key: str, guest: Guest) -> None:
        own = self.own.setdefault(key, {})
        own[guest] = time.time_ns() // 1000
        if len(own) >= self.many or self.others:
            self._close_the_oldest(key)
            self._changed(key)

    def leave(self, key: str, guest: Guest) -> None:
        own = self.own.get(key)
        if own is None or own.pop(guest, None) is None:
            return
        if not own:
            del self.own[key]
        self._changed(key)

    def total(self, key: str) -> int:
        return len(self.own.get(key, ())) + sum(share.count for share in self.others.get(key, {}).values())

    def _close_the_oldest(self, key: str) -> None:
        """As many as are too many, while the oldest is here and not elsewhere; who has not signed in goes first."""
        elsewhere = min((share.oldest for share in self.others.get(key, {}).values()), default=None)
        own = self.own.get(key, {})
        while own and self.total(key) > self.limit:
            oldest, since = next(iter(own.items()))
            if elsewhere is not None and since > elsewhere:
                return
            guest = next((each for each in own if each.actor is None), oldest)
            del own[guest]
            guest.stop(Close.REFUSED, self.reason)

    # -- between processes

    def _changed(self, key: str) -> None:
        """To be told soon, with whatever else changes until then."""
        if key in self.told or len(self.own.get(key, ())) >= self.many or self.total(key) > self.limit:
            if not self.changed:
                asyncio.get_running_loop().call_later(TOGETHER_SECONDS, self._tell)
            self.changed.add(key)

    def _tell(self) -> None:
        changed, self.changed = self.changed, set()
        for key in changed:
            few = len(self.own.get(key, ())) < self.many
            (self.told.discard if few else self.told.add)(key)
        self.tell([self._counted(key) for key in changed])

    def _counted(self, key: str) -> Event:
        own = self.own.get(key, {})
        return events.sockets_counted(self.kind, self.process, key, len(own), next(iter(own.values()), 0))

    @handler
    def sockets_counted(self, event: Values) -> None:
        process, key = text(event, "process"), text(event, "key")
        if text(event, "kind") != self.kind or process == self.process:
            return
        count, oldest = whole(event, "count"), whole(event, "oldest")
        if count and (key in self.others or len(self.others) < MOST_KEYS):
            self.others.setdefault(key, {})[process] = Share(count, oldest, time.monotonic() + FORGET_SECONDS)
        else:
            self._forget(key, process)
        if self.own.get(key) and self.total(key) > self.limit:
            self._close_the_oldest(key)
            self._changed(key)

    def renew(self) -> None:
        """To be called every `RENEW_SECONDS`."""
        now = time.monotonic()
        for key, shares in tuple(self.others.items()):
            for process in [process for process, share in shares.items() if share.until < now]:
                self._forget(key, process)
        for key in tuple(self.told):
            self._changed(key)

    def _forget(self, key: str, process: str) -> None:
        shares = self.others.get(key, {})
        shares.pop(process, None)
        if not shares:
            self.others.pop(key, None)
