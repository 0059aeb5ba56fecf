"""Configurations that would lose messages or let strangers in are refused with one clear sentence."""

import stat
from pathlib import Path

import pytest

from webapp.settings import SettingsError, load

KEY = "k" * 32


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"WEB_CONCURRENCY": "2"}, "REDIS_URL"),
        ({"DYNO": "web.1"}, "PostgreSQL"),
        ({"SECRET_KEY": "8letters"}, "8 characters"),
        ({"SECRET_KEY": f"{KEY},short"}, "5 characters"),
        ({"SETUP_TOKEN": "short"}, "at least 16"),
        ({"DATABASE_URL": "mysql://x/y"}, "mysql"),
        ({"DATABASE_URL": "sqlite://"}, "sqlite:///path"),
        ({"DATABASE_URL": "nonsense"}, "nonsense"),
        ({"REDIS_URL": "http://x"}, "redis://"),
        ({"PUBLIC_URL": "chat.example.org"}, "https://chat.example.org"),
        ({"PUBLIC_URL": "https://chat.example.org/path"}, "no path"),
        ({"PUBLIC_URL": "https://chat:notaport"}, "no path"),
        ({"PORT": "0"}, "PORT"),
        ({"PORT": "x"}, "PORT"),
        ({"WEB_CONCURRENCY": "-1"}, "WEB_CONCURRENCY"),
        ({"SWEEP_SECONDS": "never"}, "SWEEP_SECONDS"),
        ({"MAX_BODY": "lots"}, "MAX_BODY"),
        ({"MAX_BODY": "9" * 5_000}, "MAX_BODY"),
        ({"MAX_BODY": "0" * 5_000 + "1"}, "MAX_BODY"),
        ({"MAX_POSTS": "007"}, "MAX_POSTS"),
        ({"PORT": "٨٠٠٠"}, "PORT"),
        ({"FORWARDED_ALLOW_IPS": "127.0.0.1, proxy.example.org"}, "proxy.example.org"),
        ({"TRUSTED_HOPS": "0"}, "TRUSTED_HOPS"),
    ],
)
def test_refused_with_one_sentence(tmp_path: Path, environ: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load({"DATA_DIR": str(tmp_path), "SECRET_KEY": KEY, **environ})
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_defaults_need_nothing(tmp_path: Path) -> None:
    settings = load({"DATA_DIR": str(tmp_path)})
    assert settings.database_url == f"sqlite:///{tmp_path}/tertulia.db"
    assert settings.layer_url == "memory://"
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == stat.S_IRUSR | stat.S_IWUSR
    assert load({"DATA_DIR": str(tmp_path)}).secret_keys == settings.secret_keys, "made once"
    assert settings.secret_keys[0] not in repr(settings)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(SettingsError, match="Set SECRET_KEY"):
        load({"DATA_DIR": str(blocked / "data")})


def test_what_is_understood(tmp_path: Path) -> None:
    environ = {
        "DATA_DIR": str(tmp_path), "SECRET_KEY": f" {KEY} , {KEY}2", "DATABASE_URL": "postgres://u:p@h:5/d?sslmode=require",
        "PUBLIC_URL": "HTTPS://Chat.Example.org:443/", "WEB_CONCURRENCY": "3", "REDIS_URL": "rediss://h:1/0",
        "MAX_POSTS": "7", "DYNO": "web.1",
    }  # fmt: skip
    settings = load(environ)
    assert settings.database_url == "postgresql+psycopg://u:p@h:5/d?sslmode=require"
    assert settings.public_url == "https://chat.example.org"
    assert settings.secret_keys == (KEY, f"{KEY}2")
    assert (settings.workers, settings.limits.posts, settings.secure) == (3, 7, True)
