"""IP addresses as keys: parsed, normalised, and grouped by network."""

from ipaddress import IPv6Address, ip_address, ip_network

LONGEST = 64


def parse(text: str) -> str | None:
    """The normalised address, None when it is not one. IPv4-mapped IPv6 becomes IPv4; a zone and a port are dropped.

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
    """The network of one host: the address itself for IPv4, the /64 for IPv6."""
    if address.count(".") == 3:  # every socket that opens asks, and parsing it costs as much as all else here
        return f"{address}/32"
    return _within(address, 32, 64)


def site(address: str) -> str:
    """The network of one site: the /24 for IPv4, the /48 for IPv6."""
    return _within(address, 24, 48)


def _within(address: str, bits: int, bits_of_ipv6: int) -> str:
    try:
        return str(ip_network(f"{address}/{bits_of_ipv6 if ':' in address else bits}", strict=False))
    except ValueError:
        return address
