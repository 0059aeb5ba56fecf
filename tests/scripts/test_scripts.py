"""The everyday scripts: each says what it does, and what they run can be run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted(path for path in (ROOT / "scripts").iterdir() if path.is_file() and not path.suffix)


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "DATA_DIR": str(folder)}
    return subprocess.run([sys.executable, *command], capture_output=True, text=True, env=environ, cwd=ROOT)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_says_what_it_does_and_stops_at_the_first_failure(path: Path) -> None:
    interpreter, purpose, *lines = path.read_text().splitlines()
    assert interpreter == "#!/usr/bin/env bash"
    assert purpose.startswith("# ")
    assert purpose.endswith((".", ".)"))
    assert "set -euo pipefail" in lines
    assert path.stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", path]).returncode == 0


def test_populate_fills_a_fresh_database_and_no_other(tmp_path: Path) -> None:
    filled = run(tmp_path, "-m", "scripts.populate")
    assert "12 people, 7 rooms" in filled.stdout, filled.stderr
    again = run(tmp_path, "-m", "scripts.populate")
    assert again.returncode == 1
    assert "holds The Corner Table already" in again.stderr


@pytest.mark.parametrize("command", [("-m", "scripts.soak", "--help"), ("bench/run.py", "--help"), ("bench/run.py",)])
def test_what_takes_minutes_can_be_asked(tmp_path: Path, command: tuple[str, ...]) -> None:
    asked = run(tmp_path, *command)
    assert asked.returncode == 0, asked.stderr
    assert "usage: " in asked.stdout or "product-plain-ws" in asked.stdout.split()
