#!/usr/bin/env python3
"""What one post, or one page, costs inside Tertulia, without a network: process CPU of the ASGI call, and a profile.

python bench/micro/product_post.py [post|page] [--profile] [--together 50]
"""

import argparse
import asyncio
import cProfile
import itertools
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

TEXT = product.TEXT.replace("{T}", "T")
HOST = (b"host", b"127.0.0.1:8000")
FORM = [(b"hx-request", b"true"), (b"content-type", b"application/x-www-form-urlencoded")]


def scope(method, path, number, length):
    headers = [
        HOST,
        *(FORM if method == "POST" else ()),
        (b"cookie", product.cookie(number).encode()),
        (b"content-length", str(length).encode()),
    ]
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers, "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000), "state": {}, "extensions": {},
    }  # fmt: skip


async def call(method, path, number, body=b""):
    """The status of one request of person `number`."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    await app(scope(method, path, number, len(body)), receive, send)
    return sent[0]["status"]


KEYS = itertools.count(1)


async def post(number):
    key = next(KEYS)
    status = await call("POST", "/rooms/1/messages", number, f"key=key-number-{key}&body={TEXT}{key}".encode())
    assert status == 201, status


async def page(number):
    assert await call("GET", "/rooms/1", number) == 200


async def many(work, count, together):
    for _ in range(count // together):
        await asyncio.gather(*(work(number) for number in range(together)))


async def main(options):
    work = {"post": post, "page": page}[options.what]
    async with app.router.lifespan_context(app):
        if options.what == "page":
            await many(post, 60, 1)
        await many(work, 200, options.together)
        profile = cProfile.Profile()
        if options.profile:
            profile.enable()
        start, wall = time.process_time(), time.perf_counter()
        await many(work, options.count, options.together)
        used, took = time.process_time() - start, time.perf_counter() - wall
        profile.disable()
    each = 1e6 / (options.count // options.together * options.together)
    title = f"{options.what}, {options.together} together"
    print(f"{title}: {used * each:.0f} µs of CPU, {took * each:.0f} µs of time each")
    if options.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(45)


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("what", nargs="?", choices=("post", "page"), default="post")
    p.add_argument("--profile", action="store_true")
    p.add_argument("--together", type=int, default=1)
    p.add_argument("--count", type=int, default=2000)
    return p.parse_args()


uvloop.run(main(arguments()))
