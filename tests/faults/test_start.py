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
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_case_46_the_start_is_refused(tmp_path: Path, command: list[str], environ: dict[str, str], says: str) -> None:
    port = str(free_port())
    plain = {name: os.environ[name] for name in PLAIN if name in os.environ}
    ended = subprocess.run(
        [sys.executable, *command, *([port] if command is BY_HAND else [])],
        cwd=ROOT,
        env={**plain, "DATA_DIR": str(tmp_path), "PORT": port, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode not in (0, None)
    lines = ended.stderr.strip().splitlines()
    assert len(lines) == 1, ended.stderr
    assert says in lines[0]
    assert ended.stdout == ""
    assert not list(tmp_path.glob("*.db")), "nothing was begun"
