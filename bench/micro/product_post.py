#!/usr/bin/env python3
"""What one post, or one page, costs inside Tertulia, without a network: process CPU of the ASGI call, and a profile of it.

    python bench/micro/product_post.py [post|page] [--profile] [--together 50]
"""

import argparse
import asyncio
import cProfile
import os
import pstats
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "bench" / "targets")]
folder = tempfile.mkdtemp(prefix="product-post-")
os.environ.update(DATA_DIR=folder, BENCH_ROOMS="1", BENCH_PEOPLE="60", MAX_POSTS="1000000")

import product  # noqa: E402
import uvloop  # noqa: E402

os.environ["SECRET_KEY"] = product.KEY
subprocess.run([sys.executable, str(ROOT / "bench/prepare_product.py")], check=True)

from webapp.main import app  # noqa: E402

HEADERS = [(b"host", b"127.0.0.1:8000"), (b"hx-request", b"true"), (b"content-type", b"application/x-www-form-urlencoded")]


def scope(method, path, number, length=0):
    headers = [*HEADERS, (b"cookie", product.cookie(number).encode()), (b"content-length", str(length).encode())]
    if method == "GET":
        headers = [each for each in headers if each[0] != b"hx-request"]
    return {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http", "path": path,
            "raw_path": path.encode(), "query_string": b"", "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000),
            "state": {}, "extensions": {}}


async def call(method, path, number, body=b""):
    sent = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    await app(scope(method, path, number, len(body)), receive, send)
    return sent[0]["status"]


async def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("what", nargs="?", default="post")
    p.add_argument("--profile", action="store_true")
    p.add_argument("--together", type=int, default=1)
    p.add_argument("--count", type=int, default=2000)
    o = p.parse_args()
    text = product.TEXT.replace("{T}", "T")
    async with app.router.lifespan_context(app):
        done = 0

        async def one(number):
            nonlocal done
            done += 1
            if o.what == "post":
                status = await call("POST", "/rooms/1/messages", number, f"key=key-number-{done}&body={text}{done}".encode())
                assert status == 201, status
            else:
                assert await call("GET", "/rooms/1", number) == 200

        if o.what == "page":
            for number in range(60):
                await call("POST", "/rooms/1/messages", 0, f"key=page-key-{number}&body={text}{number}".encode())
        for _ in range(200 // o.together):
            await asyncio.gather(*(one(n) for n in range(o.together)))
        profile = cProfile.Profile()
        if o.profile:
            profile.enable()
        start, wall = time.process_time(), time.perf_counter()
        for _ in range(o.count // o.together):
            await asyncio.gather(*(one(n) for n in range(o.together)))
        used, took = time.process_time() - start, time.perf_counter() - wall
        profile.disable()
        count = o.count // o.together * o.together
        print(f"{o.what}, {o.together} together: {used / count * 1e6:.0f} µs of CPU, {took / count * 1e6:.0f} µs of time each")
        if o.profile:
            pstats.Stats(profile).sort_stats("tottime").print_stats(45)


uvloop.run(main())
