"""Internet addresses as keys: checked, written in one way, and grouped by who can choose among them."""

from ipaddress import IPv6Address, ip_address, ip_network

LONGEST = 64


def parse(text: str) -> str | None:
    """The address in its one spelling, None for what is none. IPv4 inside IPv6 is IPv4; a zone and a port are dropped.

    `text` may be `203.0.113.9`, `203.0.113.9:443`, `2001:db8::1` or `[2001:db8::1]:443`.
    """
    if len(text) > LONGEST:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Address(int(address)))
    return str(address)


def network(address: str) -> str:
    """What one visitor can choose their address from: of IPv6 the /64."""
    return _within(address, 32, 64)


def site(address: str) -> str:
    """What one owner usually has at once: of IPv4 the /24, of IPv6 the /48."""
    return _within(address, 24, 48)


def _within(address: str, bits: int, bits_of_ipv6: int) -> str:
    try:
        return str(ip_network(f"{address}/{bits_of_ipv6 if ':' in address else bits}", strict=False))
    except ValueError:
        return address
