"""Finds the visitor's address and scheme behind proxies, by X-Forwarded-For and X-Forwarded-Proto.

Each proxy appends the address that it was called from. So as many entries from the right can be trusted as there are
proxies of ours; those to the left are whatever the visitor wrote.
"""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address, ip_network

from starlette.requests import HTTPConnection
from starlette.types import Scope

from webapp import addresses

FOR, PROTO = "x-forwarded-for", "x-forwarded-proto"
SCHEMES: Mapping[str, Mapping[str, str]] = {
    "http": {"http": "http", "https": "https"},
    "websocket": {"http": "ws", "https": "wss"},
}
LONGEST = 1_024
REWRITTEN = 0
"""The port of a client that uvicorn's own middleware has replaced by the header's, because it trusted the peer."""


class Forwarded:
    """`allowed`: the peers whose headers are read: addresses, networks, `*`. `hops`: how many proxies are in front."""

    def __init__(self, allowed: tuple[str, ...], hops: int) -> None:
        self.hops = hops
        self.everybody = "*" in allowed
        self.networks = [ip_network(each, strict=False) for each in allowed if each != "*"]
        self.peer = lru_cache(maxsize=4096)(self._peer)
        self.visitor = lru_cache(maxsize=1024)(self._visitor)
        self.scheme = lru_cache(maxsize=64)(self._scheme)

    def read(self, scope: Scope) -> None:
        """Sets the visitor's address as `client`, None for an unknown one, and their scheme as `scheme`."""
        host, port = scope.get("client") or ("", None)
        peer, trusted = self.peer(host)
        if trusted or port == REWRITTEN:
            headers = HTTPConnection(scope).headers
            told, scheme = ",".join(headers.getlist(FOR)), ",".join(headers.getlist(PROTO))
            if told:
                peer = self.visitor(told[-LONGEST:]) or (None if port == REWRITTEN else peer)
            if scheme:
                scope["scheme"] = SCHEMES[scope["type"]].get(self.scheme(scheme[-LONGEST:]), scope["scheme"])
        scope["client"] = (peer, port or 0) if peer else None

    def _peer(self, host: str) -> tuple[str | None, bool]:
        """(its address, whether its headers are read)."""
        peer = addresses.parse(host)
        return peer, self.everybody or (peer is not None and self._listed(peer))

    def _listed(self, address: str) -> bool:
        return any(ip_address(address) in network for network in self.networks)

    def _visitor(self, told: str) -> str | None:
        """The address that our outermost proxy wrote; the proxies listed are passed over."""
        address = None
        for entry in self._after_hops(told):
            address = addresses.parse(entry)
            if address is None or not self._listed(address):
                break
        return address

    def _scheme(self, told: str) -> str:
        return self._after_hops(told)[0].lower()

    def _after_hops(self, told: str) -> list[str]:
        """Entries from the right, from our outermost proxy's on. A value cut to LONGEST begins with half an entry."""
        found = [entry.strip() for entry in reversed(told.split(","))]
        if len(told) == LONGEST and len(found) > 1:
            found.pop()
        return found[self.hops - 1 :] or found[-1:]
