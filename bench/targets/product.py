"""Tertulia itself: signed-in members in one room, stored messages, everything on. Only settings raise its limits."""

import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

from target import Session, Target  # noqa: E402

from webapp.services.signatures import Signatures  # noqa: E402

KEY = "a-key-for-benchmarks-thirty-two-letters-or-more"
PEOPLE = 12_000
TEXT = (
    "{T} a message of some hundred and fifty characters, as people write them in chats: not too long, not too short, "
    "rather chatty - you know what I mean, no?"
).replace(" ", "+")
SERVE = ("-m", "webapp", "serve")
PLAIN = (
    "-m", "uvicorn", "webapp.main:app", "--port", "{port}", "--loop", "uvloop", "--http", "httptools",
    "--no-access-log", "--log-level", "warning", "--ws", "websockets-sansio", "--ws-per-message-deflate", "false",
)  # fmt: skip


@cache
def cookie(number):
    """The cookie of person `number`, whose session prepare_product.py has put into the database."""
    return f"session={Signatures((KEY,)).sessions.sign(f'bench-{number}').decode()}"


def sign_in(port, count):
    cookies = [f"Cookie: {cookie(number % PEOPLE)}" for number in range(count)]
    return Session(headers=[f"Origin: http://127.0.0.1:{port}"], each=cookies)


def product(name, workers=1, serve=SERVE, rooms=1, deflate=False, **environ):
    settings = {
        "DATA_DIR": "{tmp}",
        "PORT": "{port}",
        "SECRET_KEY": KEY,
        "WEB_CONCURRENCY": str(workers),
        "MAX_POSTS": "100000000",
        "MAX_SOCKETS_PER_PERSON": "100000",
        "MAX_SOCKETS_PER_ADDRESS": "100000",
        "BENCH_ROOMS": str(rooms),
        "BENCH_PEOPLE": str(PEOPLE),
        **environ,
    }
    if workers > 1 or "REDIS_URL" in environ:
        settings["REDIS_URL"] = "redis://127.0.0.1:{redis_port}/0"
    # The load client counts rooms from 0; a 1 written before it makes a room of ours, 10 to 1199.
    room = "/rooms/1{R}" if rooms > 1 else "/rooms/1"
    return Target(
        name,
        ["{python}", *serve],
        ws=f"{room}/live?since=0",
        post=f"{room}/messages",
        post_body="key={T}&body=" + TEXT,
        post_headers=["HX-Request: true", f"Cookie: {cookie(0)}"],
        sign_in=sign_in,
        environ=settings,
        folder=ROOT,
        prepare=[["{python}", "bench/prepare_product.py"]],
        redis="REDIS_URL" in settings,
        deflate=deflate,
        start_seconds=60,
        settle_seconds=1.0,
    )


TARGETS = [
    product("product"),
    product("product-plain-ws", serve=PLAIN),
    product("product-deflate", deflate=True, COMPRESS_FRAMES="1"),
    product("product-redis", REDIS_URL="yes"),
    product("product-2-workers", workers=2),
    product("product-4-workers", workers=4),
    product("product-200-rooms", rooms=200),
]
