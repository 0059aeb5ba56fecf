#!/usr/bin/env python3
"""What a room's page of 50 messages costs the server, over HTTP: CPU of its process tree for each request.

    python bench/micro/product_page.py [--count 2000] [--rounds 5]

Warm: one person asks again and again, with nothing new. Cold: each time somebody else, who was never here, and a
message has been posted since; the post's own cost, measured alone in the same round, is taken off.
"""

import argparse
import contextlib
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "bench" / "targets")]

import product  # noqa: E402
from processes import cpu, cpu_between, free_port, stop, wait_for  # noqa: E402

BODY = product.TEXT.replace("+", " ").replace("{T}", "T")
FIRST_NEWCOMER = 100


@contextlib.contextmanager
def served():
    """(a client of a server of its own, the server's pid)."""
    folder, port = tempfile.mkdtemp(prefix="product-page-"), free_port()
    settings = {"DATA_DIR": folder, "PORT": str(port), "SECRET_KEY": product.KEY, "MAX_POSTS": "1000000"}
    environ = {**os.environ, **settings, "BENCH_ROOMS": "1", "BENCH_PEOPLE": "4000"}
    subprocess.run([sys.executable, str(ROOT / "bench/prepare_product.py")], check=True, env=environ, cwd=ROOT)
    server = subprocess.Popen([sys.executable, "-m", "webapp", "serve"], env=environ, cwd=ROOT, start_new_session=True)
    try:
        wait_for(port, server, 60)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20) as client:
            yield client, server.pid
    finally:
        stop(server)
        shutil.rmtree(folder)


class Visitors:
    """Asks for pages and posts, and says what that costs the server."""

    def __init__(self, client, pid):
        self.client = client
        self.pid = pid
        self.newcomers = FIRST_NEWCOMER

    def page(self, person):
        answer = self.client.get("/rooms/1", headers={"Cookie": product.cookie(person)})
        assert answer.status_code == 200, answer.status_code
        assert answer.text.count('class="message') >= 50

    def post(self):
        form = {"key": secrets.token_hex(8), "body": BODY}
        headers = {"Cookie": product.cookie(0), "HX-Request": "true"}
        assert self.client.post("/rooms/1/messages", data=form, headers=headers).status_code == 201

    def post_and_newcomer(self):
        self.newcomers += 1
        self.post()
        self.page(self.newcomers)

    def cost(self, work, count):
        """Milliseconds of CPU for each call of `work`."""
        before = cpu(self.pid)
        for _ in range(count):
            work()
        return cpu_between(before, cpu(self.pid)) / count * 1000


def main(options):
    warm, posts, cold = [], [], []
    with served() as (client, pid):
        visitors = Visitors(client, pid)
        for _ in range(60):
            visitors.post()
        for number in range(50):
            visitors.page(number)
        for _ in range(options.rounds):
            warm.append(visitors.cost(lambda: visitors.page(1), options.count))
            posts.append(visitors.cost(visitors.post, 200))
            cold.append(visitors.cost(visitors.post_and_newcomer, 200) - posts[-1])
    for name, values in (("warm", warm), ("cold", cold), ("post", posts)):
        print(f"{name}: {statistics.median(values):.2f} ms of CPU ({min(values):.2f}-{max(values):.2f})")


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--count", type=int, default=2000)
    p.add_argument("--rounds", type=int, default=5)
    return p.parse_args()


main(arguments())
