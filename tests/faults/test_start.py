"""Case 46: what would lose messages or let strangers in does not start, and says why in one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import PLAIN, ROOT, free_port

SERVE = ["-m", "webapp", "serve"]
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
    """uvicorn starts its dying workers again; ours tell it to end."""
    ended = run(["-m", "uvicorn", "webapp.main:app", "--port", str(free_port())], tmp_path, WEB_CONCURRENCY="2")
    refused = [line for line in ended.stderr.splitlines() if line.startswith("tertulia: ")]
    assert 1 <= len(refused) <= 2, ended.stderr
    assert all("REDIS_URL" in line for line in refused)
    assert not list(tmp_path.glob("*.db")), "nothing was begun"


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
