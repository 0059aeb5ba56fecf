"""Case 46: what would lose messages or let strangers in does not start, and says why in one sentence."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.channel_layer.redis_server import RedisServer
from tests.faults.cluster import Deployment
from tests.ports import free_port
from tests.servers import PLAIN, ROOT, START_WITHIN

SERVE = ["-m", "webapp", "serve"]
UVICORN_WAITS = 5.0
BY_HAND = ["-m", "uvicorn", "webapp.main:app", "--workers", "1", "--port"]


@pytest.mark.parametrize("command", [SERVE, BY_HAND], ids=["serve", "uvicorn"])
@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"WEB_CONCURRENCY": "2"}, "REDIS_URL"),
        ({"DYNO": "web.1"}, "PostgreSQL"),
        ({"SECRET_KEY": "8letters"}, "8 characters"),
        ({"DATABASE_URL": "mysql://x/y"}, "mysql"),
        ({"SETUP_TOKEN": "short"}, "16"),
        ({"PUBLIC_URL": "chat.example.org"}, "https://"),
        ({"REDIS_URL": "redis://:pass#word@redis.example.org/0"}, "percent-encoded"),
        ({"REDIS_URL": "redis+cluster://redis.example.org:7000/3"}, "database"),
        ({"REDIS_URL": "redis://redis.example.org?nonsense=1"}, "nonsense"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_case_46_the_start_is_refused(tmp_path: Path, command: list[str], environ: dict[str, str], says: str) -> None:
    port = str(free_port())
    ended = run([*command, *([port] if command is BY_HAND else [])], tmp_path, PORT=port, **environ)
    assert ended.returncode not in (0, None)
    lines = ended.stderr.strip().splitlines()
    assert len(lines) == 1, ended.stderr
    assert says in lines[0]
    assert ended.stdout == ""
    assert not list(tmp_path.glob("*.db")), "nothing was begun"


def test_case_46_two_workers_by_hand_end_with_one_sentence_each(tmp_path: Path) -> None:
    """A worker that is refused ends with the status that uvicorn's supervisor does not start it again for."""
    ended = run(["-m", "uvicorn", "webapp.main:app", "--port", str(free_port())], tmp_path, WEB_CONCURRENCY="2")
    assert "Traceback" not in ended.stderr
    assert "failed to start, stopping the parent process" in ended.stderr
    refused = [line for line in ended.stderr.splitlines() if line.startswith("tertulia: ")]
    assert 1 <= len(refused) <= 2, ended.stderr
    assert all("REDIS_URL" in line for line in refused)
    assert not list(tmp_path.glob("*.db")), "nothing was begun"


def test_a_worker_that_is_slow_to_start_is_left_to_it(
    tmp_path: Path, fresh_database: Callable[[], str], redis_server: RedisServer
) -> None:
    """Both workers stand still from their first moment, for longer than uvicorn waits by itself (5 s for each)."""
    site = Deployment(tmp_path, fresh_database(), redis_server.url)
    try:
        site.begin()
        until(lambda: len(site.workers) == 2)
        slow = site.workers
        for worker in slow:
            os.kill(worker, signal.SIGSTOP)
        began = time.monotonic()
        until(lambda: time.monotonic() - began > UVICORN_WAITS + 2)  # that it waits is what is tested
        for worker in slow & site.workers:
            os.kill(worker, signal.SIGCONT)
        site.await_answer()
        assert site.workers == slow
    finally:
        site.stop()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_WITHIN
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def run(words: list[str], folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """To its end, which TimeoutExpired says it has not found."""
    plain = {name: os.environ[name] for name in PLAIN if name in os.environ}
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env={**plain, "DATA_DIR": str(folder), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
