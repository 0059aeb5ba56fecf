"""The visitor behind the proxies in front of us, by X-Forwarded-For and X-Forwarded-Proto.

Each proxy appends the address that it was called from, so the entries are trustworthy from the right, as many as there
are proxies of ours; what is left of them is whatever the visitor wrote.
"""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address, ip_network

from starlette.types import Scope

from webapp import addresses

FOR, PROTO = b"x-forwarded-for", b"x-forwarded-proto"
SCHEMES: Mapping[str, Mapping[str, str]] = {
    "http": {"http": "http", "https": "https"},
    "websocket": {"http": "ws", "https": "wss"},
}
LONGEST = 1_024
REWRITTEN = 0
"""The port of a client that uvicorn's own middleware took from the header, of a peer that it trusted by its setting."""


class Forwarded:
    """`allowed`: the peers that are believed, addresses and networks or `*`. `hops`: how many proxies are in front."""

    def __init__(self, allowed: tuple[str, ...], hops: int) -> None:
        self.hops = hops
        self.everybody = "*" in allowed
        self.networks = [ip_network(each, strict=False) for each in allowed if each != "*"]
        self.peer = lru_cache(maxsize=4096)(self._peer)
        self.visitor = lru_cache(maxsize=1024)(self._visitor)
        self.scheme = lru_cache(maxsize=64)(self._scheme)

    def read(self, scope: Scope) -> None:
        """Puts the visitor's address into `client`, None for an unknown one, and their scheme into `scheme`."""
        host, port = scope.get("client") or ("", None)
        peer, trusted = self.peer(host)
        if trusted or port == REWRITTEN:
            told = b",".join([value for name, value in scope["headers"] if name == FOR])
            scheme = b",".join([value for name, value in scope["headers"] if name == PROTO])
            if told:
                peer = self.visitor(told[-LONGEST:]) or (None if port == REWRITTEN else peer)
            if scheme:
                scope["scheme"] = SCHEMES[scope["type"]].get(self.scheme(scheme[-LONGEST:]), scope["scheme"])
        scope["client"] = (peer, port or 0) if peer else None

    def _peer(self, host: str) -> tuple[str | None, bool]:
        """(its address, whether it is believed)."""
        peer = addresses.parse(host)
        return peer, self.everybody or (peer is not None and self._listed(peer))

    def _listed(self, address: str) -> bool:
        return any(ip_address(address) in network for network in self.networks)

    def _visitor(self, told: bytes) -> str | None:
        """The address that our outermost proxy wrote; the proxies listed are passed over."""
        address = None
        for entry in self._after_hops(told):
            address = addresses.parse(entry)
            if address is None or not self._listed(address):
                break
        return address

    def _scheme(self, told: bytes) -> str:
        return self._after_hops(told)[0].lower()

    def _after_hops(self, told: bytes) -> list[str]:
        """Entries from the right, from our outermost proxy's on. A value cut to LONGEST begins with half an entry."""
        found = [entry.strip() for entry in reversed(told.decode("latin-1").split(","))]
        if len(told) == LONGEST and len(found) > 1:
            found.pop()
        return found[self.hops - 1 :] or found[-1:]
