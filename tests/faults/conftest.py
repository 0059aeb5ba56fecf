"""Real workers, a real Redis and a real PostgreSQL for the tests that kill them."""

import secrets
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.channel_layer.redis_server import RedisServer
from tests.faults.bounds import Place, place
from tests.faults.cluster import Cluster, Town
from tests.postgres import Postgres


@pytest.fixture(scope="session")
def own_postgres() -> Iterator[Postgres]:
    """One for these tests alone: they stop it."""
    server = Postgres()
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    with tempfile.TemporaryDirectory(prefix="tertulia-redis-") as folder:  # a socket's path has to be short
        server = RedisServer(Path(folder)).start()
        yield server
        server.kill()


@pytest.fixture(scope="module")
def fresh_database(own_postgres: Postgres) -> Callable[[], str]:
    """Makes an empty PostgreSQL database; its SQLAlchemy URL."""

    def make() -> str:
        return own_postgres.create(f"t{secrets.token_hex(6)}").replace("postgresql://", "postgresql+psycopg://")

    return make


@pytest.fixture(scope="module")
def cluster(
    tmp_path_factory: pytest.TempPathFactory, fresh_database: Callable[[], str], redis_server: RedisServer
) -> Iterator[Cluster]:
    """Two workers, as in production."""
    made = Cluster(
        tmp_path_factory.mktemp("cluster"),
        2,
        fresh_database(),
        redis_server.url,
        PRESENCE_GRACE_SECONDS="1",
        PRESENCE_LEASE_SECONDS="3",
    )
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.fixture(scope="module")
def town(cluster: Cluster) -> Town:
    return Town(cluster.workers[0].url, people=6, rooms=3)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Impatient, so that the tests need not wait long."""
    times = {f"{name}_SECONDS": "1" for name in ("HEAD", "BODY", "KEEP_ALIVE", "UNREAD")}
    yield from place(tmp_path_factory.mktemp("impatient"), **times)
