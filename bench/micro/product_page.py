#!/usr/bin/env python3
"""What a room's page of 50 messages costs the server, over HTTP: CPU of its process tree for each request.

    python bench/micro/product_page.py [--count 2000] [--rounds 5]

Warm: one person asks again and again, with nothing new. Cold: each time somebody else, who was never here, and a message
has been posted since; the post's own cost, measured alone in the same round, is taken off.
"""

import argparse
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "bench" / "targets")]

import product  # noqa: E402
import run  # noqa: E402


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--count", type=int, default=2000)
    p.add_argument("--rounds", type=int, default=5)
    o = p.parse_args()
    folder, port = tempfile.mkdtemp(prefix="product-page-"), run.free_port()
    environ = {
        **os.environ,
        "DATA_DIR": folder,
        "PORT": str(port),
        "SECRET_KEY": product.KEY,
        "BENCH_ROOMS": "1",
        "BENCH_PEOPLE": "4000",
        "MAX_POSTS": "1000000",
    }
    subprocess.run([sys.executable, str(ROOT / "bench/prepare_product.py")], check=True, env=environ, cwd=ROOT)
    server = subprocess.Popen([sys.executable, "-m", "webapp", "serve"], env=environ, cwd=ROOT, start_new_session=True)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20) as client:
            measure(client, server.pid, o)
    finally:
        run.stop(server)
        shutil.rmtree(folder)


def measure(client, pid, o):
    while True:
        try:
            client.get("/up")
            break
        except httpx.TransportError:
            time.sleep(0.1)

    def page(person):
        answer = client.get("/rooms/1", headers={"Cookie": product.cookie(person)})
        assert answer.status_code == 200 and answer.text.count('class="message') >= 50, answer.status_code

    def post(person=0):
        body = {"key": secrets.token_hex(8), "body": product.TEXT.replace("+", " ").replace("{T}", "T")}
        headers = {"Cookie": product.cookie(person), "HX-Request": "true"}
        assert client.post("/rooms/1/messages", data=body, headers=headers).status_code == 201

    def cost(work, count):
        before = run.cpu(pid)
        for number in range(count):
            work(number)
        return run.cpu_between(before, run.cpu(pid)) / count * 1000

    for _ in range(60):
        post()
    for number in range(50):
        page(number)
    warm, posts, both, newcomer = [], [], [], 100
    for _ in range(o.rounds):
        warm.append(cost(lambda _: page(1), o.count))
        posts.append(cost(lambda _: post(), 200))

        def changed(_):
            nonlocal newcomer
            newcomer += 1
            post()
            page(newcomer)

        both.append(cost(changed, 200))
    cold = [b - a for a, b in zip(posts, both, strict=True)]
    for name, values in (("warm", warm), ("cold", cold), ("post", posts)):
        print(f"{name}: {statistics.median(values):.2f} ms of CPU ({min(values):.2f}-{max(values):.2f})")


main()
