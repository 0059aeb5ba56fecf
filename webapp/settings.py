"""What the environment says, read once. Nothing else in the program reads it."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from webapp import numbers

ROOT = Path(__file__).resolve().parent.parent
SECRET_LENGTH = 32
REDIS_SCHEMES = ("redis", "rediss", "unix", "redis+cluster", "rediss+cluster")


class SettingsError(Exception):
    """The configuration cannot be served safely; the text is one sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one person, request or frame may use up. Sizes in bytes unless a name says otherwise."""

    head: int = 65_536
    header_fields: int = 100
    body: int = 65_536
    unfinished_per_address: int = 100
    frame: int = 65_536
    fragments: int = 64
    frames: int = 400
    frames_seconds: int = 10
    stranger_frames: int = 20
    message_characters: int = 8_000
    posts: int = 20
    posts_seconds: int = 5
    changes: int = 30
    changes_seconds: int = 10
    new_rooms: int = 20
    new_rooms_seconds: int = 3600
    logins_per_address: int = 10
    logins_per_name: int = 5
    logins_seconds: int = 180
    sockets_per_person: int = 50
    sockets_per_address: int = 200
    backlog_frames: int = 256
    backlog_bytes: int = 1_048_576


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds that a peer has: to send a head, to send a body, to ask again, to read some of what waits for it."""

    head: float = 10.0
    body: float = 30.0
    keep_alive: float = 5.0
    unread: float = 30.0


@dataclass(frozen=True, slots=True)
class Settings:
    """All of the configuration, with secrets kept out of its repr."""

    database_url: str
    redis_url: str | None
    secret_keys: tuple[str, ...] = field(repr=False)
    data: Path = ROOT / "data"
    setup_token: str | None = field(default=None, repr=False)
    public_url: str | None = None
    port: int = 8000
    workers: int = 1
    forwarded_allow_ips: tuple[str, ...] = ("127.0.0.1", "::1")
    trusted_hops: int = 1
    compress_frames: bool = False
    sweep_seconds: float = 2.0
    heartbeat_seconds: float = 10.0
    presence_grace_seconds: float = 10.0
    presence_lease_seconds: float = 30.0
    password_memory: int = 64
    database_pool: int = 5
    database_seconds: float = 10.0
    limits: Limits = Limits()
    times: Times = Times()

    @property
    def layer_url(self) -> str:
        return self.redis_url or "memory://"

    @property
    def secure(self) -> bool:
        """Whether browsers reach us by https."""
        return (self.public_url or "").startswith("https:")


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this environment. Raises SettingsError for one that would lose messages or let strangers in."""
    data = Path(environ.get("DATA_DIR") or ROOT / "data")
    settings = Settings(
        database_url=database_url(environ, data),
        redis_url=redis_url(environ.get("REDIS_URL")),
        secret_keys=secret_keys(environ.get("SECRET_KEY"), data),
        data=data,
        setup_token=setup_token(environ.get("SETUP_TOKEN")),
        public_url=public_url(environ.get("PUBLIC_URL")),
        port=whole(environ, "PORT", 8000, low=1, high=65535),
        workers=whole(environ, "WEB_CONCURRENCY", 1, low=1, high=256),
        forwarded_allow_ips=proxies(environ.get("FORWARDED_ALLOW_IPS")),
        trusted_hops=whole(environ, "TRUSTED_HOPS", 1, low=1, high=16),
        compress_frames=bool(whole(environ, "COMPRESS_FRAMES", 0, low=0, high=1)),
        sweep_seconds=seconds(environ, "SWEEP_SECONDS", 2.0),
        heartbeat_seconds=seconds(environ, "HEARTBEAT_SECONDS", 10.0),
        presence_grace_seconds=seconds(environ, "PRESENCE_GRACE_SECONDS", 10.0),
        presence_lease_seconds=seconds(environ, "PRESENCE_LEASE_SECONDS", 30.0),
        password_memory=whole(environ, "PASSWORD_MEMORY", 64, low=19, high=1024),
        database_pool=whole(environ, "DATABASE_POOL", 5, low=2, high=100),
        database_seconds=seconds(environ, "DATABASE_SECONDS", 10.0),
        limits=limits(environ),
        times=Times(
            head=seconds(environ, "HEAD_SECONDS", 10.0),
            body=seconds(environ, "BODY_SECONDS", 30.0),
            keep_alive=seconds(environ, "KEEP_ALIVE_SECONDS", 5.0),
            unread=seconds(environ, "UNREAD_SECONDS", 30.0),
        ),
    )
    refuse_losses(settings, environ)
    return settings


def refuse_losses(settings: Settings, environ: Mapping[str, str]) -> None:
    if settings.workers > 1 and not settings.redis_url:
        raise SettingsError(
            f"WEB_CONCURRENCY is {settings.workers} but REDIS_URL is not set: several workers share no memory,"
            " so set REDIS_URL or WEB_CONCURRENCY=1."
        )
    if environ.get("DYNO") and settings.database_url.startswith("sqlite"):
        raise SettingsError(
            "This is a dyno, whose disk is wiped at every restart, and the database is SQLite on it:"
            " add PostgreSQL, so that DATABASE_URL is set."
        )


def limits(environ: Mapping[str, str]) -> Limits:
    """Every limit has a variable: the field's name in capitals with MAX_ in front, such as MAX_BODY."""
    default = Limits()
    return Limits(
        **{
            name: whole(environ, f"MAX_{name.upper()}", getattr(default, name), low=1, high=2**31)
            for name in Limits.__slots__
        }
    )


def database_url(environ: Mapping[str, str], data: Path) -> str:
    """The SQLAlchemy URL; Heroku's postgres:// is understood."""
    url = environ.get("DATABASE_URL") or f"sqlite:///{data / 'tertulia.db'}"
    scheme, separator, rest = url.partition("://")
    if separator and scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        return f"postgresql+psycopg://{rest}"
    if separator and scheme == "sqlite" and rest.strip("/") not in ("", ":memory:"):
        return url
    raise SettingsError(
        f"DATABASE_URL begins with {scheme!r}: it must be sqlite:///path/to/file.db or postgresql://user@host/name."
    )


def redis_url(value: str | None) -> str | None:
    if not value:
        return None
    if value.split("://")[0] not in REDIS_SCHEMES:
        raise SettingsError(f"REDIS_URL must begin with one of {', '.join(f'{each}://' for each in REDIS_SCHEMES)}.")
    return value


def public_url(value: str | None) -> str | None:
    """Scheme and host, as a browser's Origin header writes them: lower case, the default port left out."""
    if not value:
        return None
    url = urlsplit(value.strip())
    try:
        port = url.port
    except ValueError:
        port = -1
    wrong = url.scheme not in ("http", "https") or not url.hostname or url.path.strip("/") or url.query or port == -1
    if wrong:
        raise SettingsError(f"PUBLIC_URL is {value!r}: it must be like https://chat.example.org, with no path.")
    default = {"http": 80, "https": 443}[url.scheme]
    host = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname
    return f"{url.scheme}://{host}" + (f":{port}" if port and port != default else "")


def proxies(value: str | None) -> tuple[str, ...]:
    """The peers whose X-Forwarded-For counts: addresses, networks, or `*`."""
    names = tuple(name.strip() for name in (value or "127.0.0.1,::1").split(",") if name.strip())
    for name in names:
        try:
            if name != "*":
                ip_network(name, strict=False)
        except ValueError:
            raise SettingsError(
                f"FORWARDED_ALLOW_IPS names {name!r}: it must be addresses or networks with commas between them, or *."
            ) from None
    return names


def setup_token(value: str | None) -> str | None:
    if value and len(value) < 16:
        raise SettingsError(f"SETUP_TOKEN has {len(value)} characters: it needs at least 16.")
    return value or None


def secret_keys(value: str | None, data: Path) -> tuple[str, ...]:
    """The signing keys, newest first. Without SECRET_KEY one is made once and kept in the data folder."""
    keys = tuple(key.strip() for key in (value or "").split(",") if key.strip())
    short = next((key for key in keys if len(key) < SECRET_LENGTH), None)
    if short is not None:
        raise SettingsError(
            f"SECRET_KEY has a key of {len(short)} characters: each needs at least {SECRET_LENGTH}, for instance"
            " from: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    return keys or (kept_key(data / "secret_key"),)


def kept_key(path: Path) -> str:
    """Two processes that start together end with the same key: it appears under its name whole, and once."""
    if not path.exists():
        fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
                file.flush()
                os.fsync(file.fileno())
            link_once(fresh, path)
        except OSError as error:
            raise SettingsError(f"Cannot keep a secret key in {path}: {error.strerror}. Set SECRET_KEY.") from error
    key = path.read_text().strip()
    if len(key) < SECRET_LENGTH:
        raise SettingsError(f"The key in {path} is too short: delete the file or set SECRET_KEY.")
    return key


def link_once(fresh: Path, path: Path) -> None:
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass  # another process was first: its key is the one
    finally:
        fresh.unlink()


def whole(environ: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    value = environ.get(name) or str(default)
    number = numbers.whole(value, low, high)
    if number is None:
        raise SettingsError(f"{name} is {value[:40]!r}: it must be a whole number from {low} to {high}.")
    return number


def seconds(environ: Mapping[str, str], name: str, default: float) -> float:
    value = environ.get(name) or str(default)
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if not 0.05 <= number <= 3600:
        raise SettingsError(f"{name} is {value!r}: it must be a number of seconds from 0.05 to 3600.")
    return number
