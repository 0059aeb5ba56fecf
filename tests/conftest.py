"""What every test may ask for: the two databases, each fresh."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import Postgres


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    server.start()
    yield server
    server.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database's SQLAlchemy URL; every test that asks for it runs on both."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'tertulia.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = f"t{secrets.token_hex(6)}"
    yield server.create(name).replace("postgresql://", "postgresql+psycopg://")
    server.drop(name)
