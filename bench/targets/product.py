"""Tertulia itself: signed-in members in one room, stored messages, everything on. Limits are raised by settings alone."""

import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from webapp.services.signatures import Signatures  # noqa: E402

KEY = "a-key-for-benchmarks-thirty-two-letters-or-more"
PEOPLE = 12_000
TEXT = ("{T} a message of some hundred and fifty characters, as people write them in chats: not too long, not too short, "
        "rather chatty - you know what I mean, no?").replace(" ", "+")


@cache
def cookie(number):
    """The cookie of person `number`, whose session prepare_product.py has put into the database."""
    return f"session={Signatures((KEY,)).sessions.sign(f'bench-{number}').decode()}"


def login(port, n):
    return {"headers": [f"Origin: http://127.0.0.1:{port}"], "per_conn": [f"Cookie: {cookie(i % PEOPLE)}" for i in range(n)]}


# The load client counts rooms from 0; a 1 written before it makes a room of ours, 10 to 1199.
def product(name, workers=1, serve=(), rooms=1, postgres=False, **env):
    settings = {
        "DATA_DIR": "{tmp}", "PORT": "{port}", "SECRET_KEY": KEY, "WEB_CONCURRENCY": str(workers),
        "MAX_POSTS": "100000000", "MAX_SOCKETS_PER_PERSON": "100000",
        "MAX_SOCKETS_PER_ADDRESS": "100000",
        "BENCH_ROOMS": str(rooms), "BENCH_PEOPLE": str(PEOPLE), **env,
    }
    if workers > 1 or "REDIS_URL" in env:
        settings["REDIS_URL"] = "redis://127.0.0.1:{redis_port}/0"
    return {
        "name": name,
        "cmd": ["{python}", *(serve or ("-m", "webapp", "serve"))],
        "cwd": str(ROOT),
        "env": settings,
        "prepare": [["{python}", "bench/prepare_product.py"]],
        "redis": "REDIS_URL" in settings,
        "ws": "/rooms/1{R}/live?since=0" if rooms > 1 else "/rooms/1/live?since=0",
        "post": "/rooms/1{R}/messages" if rooms > 1 else "/rooms/1/messages",
        "post_body": "key={T}&body=" + TEXT,
        "post_headers": ["HX-Request: true", f"Cookie: {cookie(0)}"],
        "login": login,
        "start_timeout": 60,
        "settle": 1.0,
    }


PLAIN = ("-m", "uvicorn", "webapp.main:app", "--port", "{port}", "--loop", "uvloop", "--http", "httptools", "--no-access-log",
         "--log-level", "warning", "--ws", "websockets-sansio", "--ws-per-message-deflate", "false")

TARGETS = [
    product("product"),
    product("product-plain-ws", serve=PLAIN),
    {**product("product-deflate", COMPRESS_FRAMES="1"), "deflate": True},
    product("product-redis", REDIS_URL="yes"),
    product("product-2-workers", workers=2),
    product("product-4-workers", workers=4),
    product("product-200-rooms", rooms=200),
]
