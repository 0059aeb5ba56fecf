"""Ports for the servers that tests start."""

import os
import random
import re
import socket

LOWEST, HIGHEST = 10_000, 32_000
"""Below the ports that the kernel gives to outgoing connections, so that one is still free after a restart."""
WORKERS = 8
GIVEN: set[int] = set()
"""By this process: a server that has not started yet still needs its own."""


def free_port() -> int:
    """Of this test process's own share: processes that run side by side take none from each other."""
    first, last = share(os.environ.get("PYTEST_XDIST_WORKER", "gw0"))
    while True:
        port = random.randint(first, last)
        if port in GIVEN:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if len(GIVEN) > (last - first) // 2:
            GIVEN.clear()  # most of them are long free again
        GIVEN.add(port)
        return port


def share(worker: str) -> tuple[int, int]:
    """First and last port of a worker, which pytest-xdist calls gw0, gw1 ..."""
    number = int(re.sub(r"\D", "", worker) or 0) % WORKERS
    size = (HIGHEST - LOWEST) // WORKERS
    return LOWEST + number * size, LOWEST + (number + 1) * size - 1
