"""What a process keeps about its peers: their bounds, who is still sending a request, whom the log has named."""

import logging
import time
from typing import Protocol

from webapp import addresses
from webapp.settings import Limits, Times

log = logging.getLogger("tertulia.transport")

KEY = "peers"
"""In the lifespan's state, which is where a server's protocols find it."""
ARRIVING_SECONDS = 1.0
"""A request that was begun so recently is not dropped for its address's sake: a burst may come from one proxy."""
WINDOW_SECONDS, MOST_NAMED = 60.0, 100


class Sender(Protocol):
    """A connection whose request is not whole yet."""

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
        """Above MAX_UNFINISHED_PER_ADDRESS the one that has been sending for longest is given up."""
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
        """One line a minute for each network, and no more than MOST_NAMED of them: nobody fills the disk with it."""
        now = time.monotonic()
        if now - self._naming_since > WINDOW_SECONDS:
            self._naming_since = now
            self._named.clear()
        network = addresses.network(address)
        if network not in self._named and len(self._named) < MOST_NAMED:
            self._named.add(network)
            log.warning("%s: %s", address or "local socket", text)


def network_of(client: tuple[str, int] | None) -> str:
    """What a peer's connections are counted by; empty for a Unix socket."""
    host = client[0] if client else ""
    return addresses.network(host) if ":" in host else host
