"""The documents say what is there: settings, commands, addresses and files."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from webapp.__main__ import cli
from webapp.settings import Limits, load
from webapp.web.routes import ROUTES

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
DEVELOPERS = (ROOT / "DEVELOPERS.md").read_text()
SETTINGS = (ROOT / "webapp/settings.py").read_text()


def names_of_settings() -> set[str]:
    known = set(re.findall(r'environ, "([A-Z_]+)"|environ\.get\("([A-Z_]+)"', SETTINGS))
    return ({a or b for a, b in known} - {"DYNO"}) | {f"MAX_{field.name.upper()}" for field in fields(Limits)}


def test_every_setting_is_told_and_every_told_setting_exists() -> None:
    table = README.partition("## Configure")[2].partition("## Deploy")[0]
    told = {
        name
        for row in table.splitlines()
        if row.startswith("|")
        for name in re.findall(r"`([A-Z_]{4,})`", row.split("|")[1])
    }
    assert told == names_of_settings()


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


EXAMPLE = (ROOT / ".env.example").read_text()


def test_the_example_of_the_environment_names_every_setting_with_its_default(tmp_path: Path) -> None:
    written = dict(re.findall(r"^#([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
    assert set(written) == names_of_settings()
    shown = {name: value for name, value in written.items() if name not in ("PUBLIC_URL", "REDIS_URL", "DATABASE_URL")}
    there = {"DATA_DIR": str(tmp_path)}
    assert load({**shown, **there}) == load(there)


def test_deployments_set_what_exists() -> None:
    app = json.loads((ROOT / "app.json").read_text())
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    for name in ("alone", "scaled"):
        assert set(services[name]["environment"]) <= names_of_settings(), name
        assert services[name]["volumes"] == ["data:/data"]
        settings = {
            key: re.sub(r"\$\{\w+:-(\w*)\}", r"\1", value) for key, value in services[name]["environment"].items()
        }
        load({**settings, "SECRET_KEY": "k" * 32})
    assert set(app["env"]) <= names_of_settings()


def test_files_of_the_documents_exist() -> None:
    for document in ("README.md", "DEVELOPERS.md", "SECURITY.md", "CHANGELOG.md"):
        text = (ROOT / document).read_text()
        for name in re.findall(r"`((?:webapp|templates|static|tests|scripts|bench|docs)/[\w./-]*\w)`", text):
            assert (ROOT / name).exists(), f"{document} names {name}"
        for name in re.findall(r"`((?:web|sockets|services|domain|store|markup|transport)/\w+\.py)`", text):
            if "pins" not in name:  # the example of a feature
                assert (ROOT / "webapp" / name).exists(), f"{document} names {name}"


@pytest.mark.parametrize("folder", ["sockets", "services"])
def test_the_map_names_each_file(folder: str) -> None:
    table = DEVELOPERS.partition(f"### Each file of `webapp/{folder}/`")[2].partition("\n#")[0]
    told = {
        name
        for row in table.splitlines()
        for name in re.findall(r"`(\w+\.py)`", row.split("|")[1] if "|" in row else "")
    }
    assert told == {path.name for path in (ROOT / "webapp" / folder).glob("*.py")} - {"__init__.py"}
