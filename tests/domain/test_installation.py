"""The name that keeps installations on one Redis apart."""

import os
import re
import subprocess
import sys

from alembic import command

from tests.servers import PLAIN, ROOT
from webapp.domain import installation
from webapp.domain.transaction import Transaction
from webapp.store.engine import config, migrate, open_engine


def named(url: str) -> str:
    engine = open_engine(url)
    with engine.connect() as connection:
        found = installation.name(Transaction(connection))
    engine.dispose()
    return found


def test_a_database_has_one_name_for_good(database_url: str) -> None:
    migrate(database_url)
    name = named(database_url)
    assert re.fullmatch(r"[0-9a-f]{16}", name)
    migrate(database_url)
    assert named(database_url) == name


def test_a_database_of_the_first_release_gets_a_name(database_url: str) -> None:
    engine = open_engine(database_url)
    with engine.connect() as connection, connection.begin():
        command.upgrade(config(connection), "0001")
    engine.dispose()
    migrate(database_url)
    assert re.fullmatch(r"[0-9a-f]{16}", named(database_url))


def test_a_copy_is_given_a_name_of_its_own(database_url: str) -> None:
    migrate(database_url)
    original = named(database_url)
    environ = {name: os.environ[name] for name in PLAIN if name in os.environ}
    environ |= {"DATABASE_URL": database_url, "SECRET_KEY": "x" * 32}
    command_line = [sys.executable, "-m", "webapp", "separate"]
    said = subprocess.run(command_line, cwd=ROOT, env=environ, check=True, capture_output=True, text=True)
    assert named(database_url) != original
    assert named(database_url) in said.stdout
