"""What every test may ask for: the two databases, each fresh."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.postgres import Postgres

settings.register_profile("busy", deadline=None)  # the machine may be: no test measures time
settings.load_profile("busy")


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
    with server.fresh() as url:
        yield url.replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture(scope="module")
def database(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """A server's environment for one: empty for SQLite, with the URL of a fresh one for PostgreSQL.

    Each folder's conftest.py says which of the two its modules run on.
    """
    if request.param == "sqlite":
        yield {}
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    with postgres.fresh() as url:
        yield {"DATABASE_URL": url}
