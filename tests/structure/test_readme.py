"""README says what is there: settings, commands, addresses and files."""

import re
from dataclasses import fields
from pathlib import Path

from webapp.__main__ import cli
from webapp.settings import Limits
from webapp.web.routes import ROUTES

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
SETTINGS = (ROOT / "webapp/settings.py").read_text()


def test_every_setting_is_told_and_every_told_setting_exists() -> None:
    known = set(re.findall(r'environ, "([A-Z_]+)"|environ\.get\("([A-Z_]+)"', SETTINGS))
    names = {a or b for a, b in known} - {"DYNO"}
    names |= {f"MAX_{field.name.upper()}" for field in fields(Limits)}
    table = README.partition("## Configure")[2].partition("## Deploy")[0]
    told = {
        name
        for row in table.splitlines()
        if row.startswith("|")
        for name in re.findall(r"`([A-Z_]{4,})`", row.split("|")[1])
    }
    assert told == names


def test_every_command_exists() -> None:
    for script in set(re.findall(r"scripts/([a-z]+)", README)):
        assert (ROOT / "scripts" / script).stat().st_mode & 0o111, script
    for command in set(re.findall(r"python -m webapp ([a-z-]+)", README)):
        assert command in cli.commands, command
    for name in re.findall(r"\]\((docs/[^)]+|[A-Z]+\.md)\)", README):
        assert (ROOT / name).exists(), name


def test_every_address_exists() -> None:
    paths = {route.path for route in ROUTES}
    for address in re.findall(r"`GET (/[a-z]*)`", README):
        assert address in paths, address


def test_the_procfile_runs_commands_that_exist() -> None:
    for line in (ROOT / "Procfile").read_text().splitlines():
        command = line.partition("python -m webapp ")[2].split()[0]
        assert command in cli.commands
