"""The load client, `client/wsload.c`: built on first use, driven step by step."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from processes import pinned, stop

SOURCE = Path(__file__).resolve().parent / "client" / "wsload.c"
BUILD = Path(os.environ.get("BENCH_BUILD") or Path(tempfile.gettempdir()) / "ws-bench-build")


def wsload():
    """The client's path, compiled anew when its source is newer. CalledProcessError: the compiler refuses it."""
    binary = BUILD / "wsload"
    if not binary.exists() or binary.stat().st_mtime < SOURCE.stat().st_mtime:
        BUILD.mkdir(parents=True, exist_ok=True)
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-o", str(binary), str(SOURCE), "-lz"], check=True)
    return binary


class Client:
    """wsload in lock-step: it reports an event, and waits for `go` before it goes on."""

    def __init__(self, options, args):
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self.process = subprocess.Popen(
            [*pinned(options.client_core), str(wsload()), "--sync", *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            start_new_session=True,
        )

    def event(self, name):
        """The next event, which must be this one. RuntimeError: it is another one, or the client has ended."""
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            said = self.errors.read()[-1500:].decode(errors="replace")
            raise RuntimeError(f"wsload ended before {name!r}: {said}")
        event = json.loads(line)
        if event["event"] != name:
            raise RuntimeError(f"expected {name}, got {event}")
        return event

    def go(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def close(self):
        if self.process.poll() is None:
            stop(self.process)
        self.process.stdin.close()
        self.process.stdout.close()
        self.errors.close()


def load_args(options, shape):
    """wsload's options for a shape: ("closed", in flight), ("open", a second) or ("burst", (a second, size))."""
    kind, value = shape
    poll = options.poll if options.poll is not None else 0 if kind == "open" else 1000
    values = {
        "--warm": options.warm,
        "--duration": options.duration,
        "--senders": options.senders,
        "--rooms": options.rooms,
        "--timeout": options.timeout,
        "--drain": options.timeout,
        "--connect-timeout": 120,
        "--concurrency": options.concurrency,
        "--poll": poll,
    }
    if kind == "closed":
        values["--closed"] = value
    elif kind == "burst":
        values["--rate"], values["--burst"] = value
    else:
        values["--rate"] = value
    return [str(part) for pair in values.items() for part in pair] + options.client_arg
