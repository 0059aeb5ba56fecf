"""Keeps count of peers: unfinished requests of each address, and which networks the log has named."""

import logging
import time
from typing import Protocol

from webapp import addresses
from webapp.settings import Limits, Times

log = logging.getLogger("tertulia.transport")

KEY = "peers"
"""The key in the lifespan's state, from which the server's protocols take it."""
ARRIVING_SECONDS = 1.0
"""A request younger than this is never given up: one proxy may send a burst for many people."""
WINDOW_SECONDS, MOST_NAMED = 60.0, 100


class Sender(Protocol):
    """A connection whose request is unfinished."""

    def give_up(self) -> None: ...


class Peers:
    """Shared by all connections of a process."""

    def __init__(self, limits: Limits, times: Times) -> None:
        self.limits = limits
        self.times = times
        self._senders: dict[str, dict[Sender, float]] = {}
        self._named: set[str] = set()
        self._naming_since = 0.0

    def begin(self, address: str, sender: Sender) -> None:
        """Note an unfinished request; above MAX_UNFINISHED_PER_ADDRESS the oldest of its address is given up."""
        senders = self._senders.get(address)
        if senders is None:
            senders = self._senders[address] = {}
        now = senders[sender] = time.monotonic()
        if len(senders) > self.limits.unfinished_per_address:
            oldest, since = next(iter(senders.items()))
            if now - since > ARRIVING_SECONDS:
                oldest.give_up()

    def finish(self, address: str, sender: Sender) -> None:
        senders = self._senders.get(address)
        if senders is not None:
            senders.pop(sender, None)
            if not senders:
                del self._senders[address]

    def complain(self, address: str, text: str) -> None:
        """Log at most one line a minute for each network, and at most MOST_NAMED lines: nobody can fill the disk."""
        now = time.monotonic()
        if now - self._naming_since > WINDOW_SECONDS:
            self._naming_since = now
            self._named.clear()
        network = addresses.network(address)
        if network not in self._named and len(self._named) < MOST_NAMED:
            self._named.add(network)
            log.warning("%s: %s", address or "local socket", text)


def network_of(client: tuple[str, int] | None) -> str:
    """The network by which a peer's connections are counted; empty for a Unix socket."""
    host = client[0] if client else ""
    return addresses.network(host) if ":" in host else host
