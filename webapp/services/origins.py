"""The host that was asked for, and the site that asks: compared exactly, once written as browsers write them."""

from collections.abc import Mapping

from webapp.settings import Settings

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
DEFAULT_PORTS: Mapping[str, str] = {"http": ":80", "https": ":443"}


def by_tls(scheme: str) -> bool:
    return scheme in ("https", "wss")


def plain(origin: str) -> str:
    """In lower case, without the scheme's own port and the dot at a name's end."""
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
    """Without PUBLIC_URL only loopback names are answered; with it, only its host."""
    if settings.public_url:
        scheme, _, ours = settings.public_url.partition("://")
        return host == ours or plain(f"{scheme}://{host}") == plain(settings.public_url)
    return hostname(host) in LOOPBACK


def is_ours(settings: Settings, scheme: str, host: str, origin: str) -> bool:
    """Whether a browser on one of our pages, reached by this scheme and host, sends this Origin."""
    ours = settings.public_url or f"{'https' if by_tls(scheme) else 'http'}://{host}"
    return plain(origin) == plain(ours)
