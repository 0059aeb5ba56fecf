"""File permissions of the data folder: folders 0700, files 0600.

SQLite gives its -wal and -shm files the mode of the database file.
"""

import logging
import os
import stat
from contextlib import suppress
from pathlib import Path

from sqlalchemy import make_url

log = logging.getLogger("tertulia.store")
FOLDER = 0o700
FILE = 0o600
OTHERS = 0o077
SIDE_FILES = ("", "-wal", "-shm")


def sqlite_file(url: str) -> Path | None:
    """The path of the database file with symbolic links resolved, as SQLite does. None for PostgreSQL."""
    return Path(make_url(url).database or "").resolve() if url.startswith("sqlite") else None


def create(database: Path) -> None:
    """An empty database file, unless there is one, which is not opened: closing it would drop SQLite's locks."""
    database.parent.mkdir(mode=FOLDER, parents=True, exist_ok=True)
    with suppress(OSError):  # it exists, or SQLite says what is wrong
        os.close(os.open(database, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE))


def tighten(database_url: str, data: Path) -> None:
    """Remove group's and others' permissions from this installation's files; log what cannot be changed."""
    database = sqlite_file(database_url)
    data = data.resolve()
    files = [data / "secret_key"]
    if database is not None:
        create(database)
        files += [database.with_name(database.name + ending) for ending in SIDE_FILES]
        if database.parent != data:
            warn_if_open(database.parent, FOLDER)
    for path in (data, *files):
        keep_private(path)


def keep_private(path: Path) -> None:
    """A folder with the sticky bit, such as /tmp, belongs to everybody and is left alone."""
    with suppress(OSError):
        found = path.stat()
        if found.st_mode & OTHERS and not found.st_mode & stat.S_ISVTX and found.st_uid == os.geteuid():
            path.chmod(FOLDER if path.is_dir() else FILE)
    warn_if_open(path, FOLDER if path.is_dir() else FILE)


def warn_if_open(path: Path, wanted: int) -> None:
    try:
        mode = path.stat().st_mode
    except OSError:
        return  # it does not exist, or is not readable
    if not mode & OTHERS:
        return
    advice = "keep the files in a folder of their own" if mode & stat.S_ISVTX else f"chmod {wanted:o} {path}"
    log.warning("Others on this machine may use %s (mode %04o): %s", path, stat.S_IMODE(mode), advice)
