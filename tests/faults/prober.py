"""Somebody else at the same server, in a process of their own: asks /up again and again while others do their worst.

An answer's delay counts as far as the server's loop was running meanwhile (/proc/PID/schedstat), because the machine
may be busy with other things. As a program: `python -m tests.faults.prober PORT PID` writes both times of each answer.
"""

import http.client
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
PAUSE = 0.005


class Prober:
    """`with Prober(port, pid) as prober: ...`, then `prober.p99`."""

    def __init__(self, port: int, pid: int) -> None:
        self.command = [sys.executable, "-m", "tests.faults.prober", str(port), str(pid)]
        self.delays: Sequence[float] = ()
        self.walls: Sequence[float] = ()

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self.command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "asking\n"
        return self

    def __exit__(self, *_: object) -> None:
        out, _ = self._process.communicate("", timeout=60)
        assert self._process.returncode == 0, "an answer was missing"
        self.walls, ran = zip(*(map(float, line.split()) for line in out.splitlines()), strict=True)
        self.delays = [min(pair) for pair in zip(self.walls, ran, strict=True)]

    @property
    def p99(self) -> float:
        return p99(self.delays)

    def __str__(self) -> str:
        return f"p99 {self.p99 * 1000:.0f} ms of {len(self.delays)} (by the clock {p99(self.walls) * 1000:.0f} ms)"


def p99(samples: Sequence[float]) -> float:
    return sorted(samples)[len(samples) * 99 // 100]


def ran(pid: int) -> float:
    """Seconds that the main thread of a process has run so far."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def main(port: int, pid: int) -> None:
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    print("asking", flush=True)
    lines = []
    while not over.is_set():
        began, cpu = time.monotonic(), ran(pid)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/up")
        assert connection.getresponse().read()
        connection.close()
        lines.append(f"{time.monotonic() - began} {ran(pid) - cpu}")
        time.sleep(PAUSE)
    print("\n".join(lines))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
