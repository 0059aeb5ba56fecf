#!/usr/bin/env python3
"""What opening a socket of a room costs the server, signed in: CPU from the handshake to the first frame.

    python bench/micro/product_open.py [--here 500] [--count 1500] [--together 50] [--rounds 3] [--profile]

`here` people are in the room already; then `count` others come, so many together as after a restart, each with the
cursor that the room stands at. What follows within a second (who came, told to all) counts as well. `--root` measures
another copy of the program in the same way; with several, each round takes them in turn.
"""

import argparse
import asyncio
import contextlib
import os
import pstats
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "bench" / "targets")]

import product  # noqa: E402
from processes import cpu, cpu_between, free_port, stop, wait_for  # noqa: E402

REQUEST = (
    "GET /rooms/1/live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Origin: http://127.0.0.1:{port}\r\nCookie: {cookie}\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
CURSOR = b'{"since":"0"}'
FIRST = bytes((0x81, 0x80 | len(CURSOR), 0, 0, 0, 0)) + CURSOR
SETTLE_SECONDS = 1.0


@contextlib.contextmanager
def served(root, people, profile):
    """(the port of a server of its own, its pid)."""
    folder, port = tempfile.mkdtemp(prefix="product-open-"), free_port()
    settings = {"DATA_DIR": folder, "PORT": str(port), "SECRET_KEY": product.KEY, "MAX_SOCKETS_PER_ADDRESS": "100000"}
    environ = {**os.environ, **settings, "BENCH_ROOMS": "1", "BENCH_PEOPLE": str(people)}
    subprocess.run([sys.executable, f"{root}/bench/prepare_product.py"], check=True, env=environ, cwd=root)
    profiler = ["-m", "cProfile", "-o", profile] if profile else []
    command = [sys.executable, *profiler, "-m", "webapp", "serve"]
    server = subprocess.Popen(command, env=environ, cwd=root, start_new_session=True)
    try:
        wait_for(port, server, 60)
        yield port, server.pid
        if profile:
            server.send_signal(signal.SIGINT)  # cProfile writes what it has when it is interrupted
            server.wait(60)
    finally:
        stop(server)
        shutil.rmtree(folder)


async def open_one(port, number, kept, turn):
    """Connect, send the cursor, and read until the first frame after the handshake's answer has begun."""
    async with turn:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        kept.append(writer)
        writer.write(REQUEST.format(port=port, cookie=product.cookie(number)).encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        assert b" 101 " in answer, answer
        writer.write(FIRST)
        assert (await reader.readexactly(1)) == b"\x81"
    return reader


async def drain(reader):
    with contextlib.suppress(ConnectionError):
        while await reader.read(65_536):
            pass


async def open_all(port, numbers, kept, together):
    turn = asyncio.Semaphore(together)
    readers = await asyncio.gather(*(open_one(port, number, kept, turn) for number in numbers))
    kept += [asyncio.ensure_future(drain(reader)) for reader in readers]
    await asyncio.sleep(SETTLE_SECONDS)


async def measure(root, here, count, together, profile):
    """CPU seconds of the server for each socket."""
    kept = []
    with served(root, here + count, profile) as (port, pid):
        await open_all(port, range(here), kept, together)
        before = cpu(pid)
        await open_all(port, range(here, here + count), kept, together)
        used = cpu_between(before, cpu(pid))
        for each in kept:
            (each.cancel if isinstance(each, asyncio.Task) else each.close)()
    return used / count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--here", type=int, default=500)
    parser.add_argument("--count", type=int, default=1500)
    parser.add_argument("--together", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--root", action="append", default=[])
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    roots, found = options.root or [str(ROOT)], {}
    profile = str(Path(tempfile.gettempdir()) / "product-open.profile") if options.profile else ""
    for _ in range(1 if profile else options.rounds):
        for root in roots:
            each = asyncio.run(measure(root, options.here, options.count, options.together, profile))
            found.setdefault(root, []).append(each * 1000)
    for root, costs in found.items():
        low, middle, high = min(costs), statistics.median(costs), max(costs)
        print(f"{middle:.2f} ms of CPU for each socket ({low:.2f}-{high:.2f}, {len(costs)} rounds): {root}")
    if profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(60)


main()
