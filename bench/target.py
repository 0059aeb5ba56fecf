"""Targets: what a server under measurement is, and one that runs."""

import contextlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from processes import free_port, pinned, stop, wait_for

HERE = Path(__file__).resolve().parent
SERVERS = HERE / "servers"
INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")


@dataclass(frozen=True)
class Session:
    """How connections sign in: header lines for all of them, and one line for each connection in turn."""

    headers: Sequence[str] = ()
    each: Sequence[str] = ()


def nobody(_port: int, _count: int) -> Session:
    return Session()


@dataclass(frozen=True)
class Target:
    """One server to measure; bench/README.md says what each field means."""

    name: str
    command: Sequence[str]
    ws: str
    send: str = ""
    post: str = ""
    post_body: str = "text={T}"
    post_headers: Sequence[str] = ()
    sign_in: Callable[[int, int], Session] = nobody
    environ: Mapping[str, str] = field(default_factory=dict)
    folder: Path = HERE
    prepare: Sequence[Sequence[str]] = ()
    redis: bool = False
    deflate: bool = False
    start_seconds: float = 20
    settle_seconds: float = 0.3


def load_targets(files):
    """Name to target, from Python files that define TARGETS."""
    found = {}
    for file in files:
        spec = importlib.util.spec_from_file_location(Path(file).stem, file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found |= {target.name: target for target in module.TARGETS}
    return found


class Redis:
    """A fresh redis-server that stores nothing, on a free port. RuntimeError: it did not start."""

    def __init__(self, options):
        self.port = free_port()
        self.folder = tempfile.mkdtemp(prefix="ws-bench-redis-")
        settings = {"port": self.port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": self.folder}
        self.process = subprocess.Popen(
            [
                *pinned(options.redis_core),
                options.redis,
                *(part for name, value in settings.items() for part in (f"--{name}", str(value))),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_for(self.port, self.process, 5)
        except RuntimeError:
            self.close()
            raise RuntimeError("redis-server did not start") from None

    def close(self):
        stop(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)


class Running:
    """A started target. RuntimeError: it did not start; the text has the end of its log."""

    def __init__(self, target, options, redis):
        self.target, self.options = target, options
        self.port = free_port()
        self.folder = tempfile.mkdtemp(prefix="ws-bench-")
        self.names = {
            "port": self.port,
            "python": options.python,
            "servers": SERVERS,
            "tmp": self.folder,
            "redis_port": redis.port if redis else 0,
        }
        self.log = open(Path(self.folder) / "server.log", "w+b")  # noqa: SIM115 - closed by `close`
        self.process = None
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self):
        target = self.target
        environ = {name: value for name, value in os.environ.items() if name in INHERITED}
        environ |= {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        environ |= {name: self._filled(value) for name, value in target.environ.items()}
        for step in target.prepare:
            command = [self._filled(part) for part in step]
            subprocess.run(command, check=True, env=environ, cwd=target.folder, stdout=subprocess.DEVNULL)
        self.process = subprocess.Popen(
            pinned(self.options.server_core) + [self._filled(part) for part in target.command],
            env=environ,
            cwd=target.folder,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_for(self.port, self.process, target.start_seconds)
        except RuntimeError:
            raise RuntimeError(f"{target.name} did not start:\n{self.tail()}") from None
        time.sleep(target.settle_seconds)
        self.session = target.sign_in(self.port, self.options.n)

    @property
    def pid(self):
        return self.process.pid

    def _filled(self, text):
        return re.sub(r"\{(\w+)\}", lambda match: str(self.names.get(match[1], match[0])), text)

    def tail(self):
        """The last lines of the server's log."""
        self.log.seek(0)
        return self.log.read()[-2000:].decode(errors="replace")

    def client_args(self, count):
        """What wsload has to know to open `count` sockets here and to post."""
        target = self.target
        args = ["--url", f"ws://127.0.0.1:{self.port}{target.ws}", "-n", str(count)]
        if target.send:
            args += ["--send", target.send]
        if target.post:
            args += ["--post", target.post, "--post-body", target.post_body]
            args += ["--post-conns", str(self.options.post_conns)]
        args += [part for line in target.post_headers for part in ("--post-header", line)]
        args += [part for line in self.session.headers for part in ("--header", line)]
        if self.session.each:
            lines = Path(self.folder) / "headers"
            lines.write_text("\n".join(self.session.each))
            args += ["--header-file", str(lines)]
        return [*args, "--deflate"] if target.deflate else args

    def close(self):
        if self.process is not None:
            stop(self.process)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def running(target, options):
    """(the server, its Redis or None), both ended afterwards."""
    with contextlib.ExitStack() as stack:
        redis = stack.enter_context(contextlib.closing(Redis(options))) if target.redis else None
        yield stack.enter_context(contextlib.closing(Running(target, options, redis))), redis
