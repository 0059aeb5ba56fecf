"""A PostgreSQL server of our own: a temporary folder, a free port, stopped by its own process id."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_port


def binary(name: str) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if not found:
        raise RuntimeError("PostgreSQL is missing: apt-get install postgresql")
    return str(found[-1])


class Postgres:
    """Runs as the user postgres when we are root, because it refuses root."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tertulia-pg-"))
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.user: dict[str, object] = {}
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            self.user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        self._run(binary("initdb"), "-D", str(self.data), "-U", "tertulia", "--auth=trust", "-E", "UTF8", "--no-locale")

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def _run(self, *command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, cwd="/", **self.user)  # type: ignore[call-overload]

    def start(self) -> None:
        log = open(self.folder / "log", "ab")  # noqa: SIM115
        self.process = subprocess.Popen(
            [binary("postgres"), "-D", str(self.data), "-p", str(self.port), "-h", "127.0.0.1",
             "-c", "unix_socket_directories=", "-c", "max_connections=100", "-c", "fsync=on"],
            stdout=log, stderr=log, cwd="/", **self.user,  # type: ignore[call-overload]
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while subprocess.run(
            [binary("pg_isready"), "-h", "127.0.0.1", "-p", str(self.port), "-q"], check=False
        ).returncode:
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text()[-2000:])
            time.sleep(0.05)

    def stop(self, how: int = signal.SIGINT) -> None:
        """SIGINT ends its sessions and stops it, SIGQUIT is a crash."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(30)
            self.process = None

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """The URL of an empty database of its own, dropped at the end."""
        name = f"t{secrets.token_hex(6)}"
        yield self.create(name)
        self.drop(name)

    def create(self, name: str) -> str:
        """A fresh database; its URL."""
        self._run(binary("createdb"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "tertulia", name)
        return f"postgresql://tertulia@127.0.0.1:{self.port}/{name}"

    def drop(self, name: str) -> None:
        self._run(binary("dropdb"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "tertulia", "--force", name)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
