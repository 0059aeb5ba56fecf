"""Compares a request's Host and Origin with ours, exactly, after writing both as browsers do."""

from collections.abc import Mapping

from webapp.settings import Settings

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
DEFAULT_PORTS: Mapping[str, str] = {"http": ":80", "https": ":443"}


def by_tls(scheme: str) -> bool:
    return scheme in ("https", "wss")


def plain(origin: str) -> str:
    """The origin in lower case, without the scheme's default port and the dot at a name's end."""
    scheme, separator, host = origin.lower().partition("://")
    host = host.removesuffix(DEFAULT_PORTS.get(scheme, ""))
    name, colon, port = host.rpartition(":")
    if colon and port.isdecimal():
        return f"{scheme}{separator}{name.removesuffix('.')}:{port}"
    return f"{scheme}{separator}{host.removesuffix('.')}"


def hostname(host: str) -> str:
    """The name in a Host header, without its port."""
    name, separator, port = host.rpartition(":")
    return (name if separator and port.isdecimal() else host).lower().removesuffix(".")


def known_host(settings: Settings, host: str) -> bool:
    """Whether this Host header is ours: without PUBLIC_URL a loopback name, with it exactly its host."""
    if settings.public_url:
        scheme, _, ours = settings.public_url.partition("://")
        return host == ours or plain(f"{scheme}://{host}") == plain(settings.public_url)
    return hostname(host) in LOOPBACK


def is_ours(settings: Settings, scheme: str, host: str, origin: str) -> bool:
    """Whether this Origin is that of our own pages, which are reached by this scheme and host."""
    ours = settings.public_url or f"{'https' if by_tls(scheme) else 'http'}://{host}"
    return plain(origin) == plain(ours)
