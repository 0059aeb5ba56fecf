"""Who is at the door: the host that was asked for, and the site that asks. Compared exactly."""

from webapp.settings import Settings

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def hostname(host: str) -> str:
    """The name in a Host header, without its port."""
    name, separator, port = host.rpartition(":")
    return (name if separator and port.isdecimal() else host).lower()


def known_host(settings: Settings, host: str) -> bool:
    """Without PUBLIC_URL only loopback names are answered; with it, only its host."""
    if settings.public_url:
        return host.lower() == settings.public_url.partition("://")[2]
    return hostname(host) in LOOPBACK


def own_origin(settings: Settings, scheme: str, host: str) -> str:
    """What a browser on one of our pages sends as its Origin."""
    return settings.public_url or f"{'https' if scheme in ('https', 'wss') else 'http'}://{host.lower()}"
