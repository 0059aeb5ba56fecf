import subprocess
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.channel_layer.redis_cluster import RedisCluster
from tests.channel_layer.redis_server import RedisServer
from tests.channel_layer.vocabulary import Clock, Pair, until
from webapp.channel_layer import MemoryChannelLayer, RedisChannelLayer

CAPACITY = 10
EXPIRY = 60
PATIENCE = 10.0
"""Seconds, where no fault is being made: a busy machine is none."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def shared_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """For tests that do nothing to the server; each has a prefix of its own on it."""
    server = RedisServer(tmp_path_factory.mktemp("redis")).start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def shared_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisCluster]:
    """For tests that do nothing to its nodes."""
    cluster = RedisCluster(tmp_path_factory.mktemp("cluster"))
    try:
        yield cluster.start()
    finally:
        cluster.kill()


@pytest.fixture
def new_cluster(tmp_path: Path) -> Iterator[Callable[..., RedisCluster]]:
    """Makes clusters, started, for tests that mistreat them."""
    clusters: list[RedisCluster] = []

    def make(**options: Any) -> RedisCluster:
        clusters.append(RedisCluster(tmp_path / f"cluster-{len(clusters)}", **options))
        return clusters[-1].start()

    yield make
    for cluster in clusters:
        cluster.kill()


@pytest.fixture
def new_redis(tmp_path: Path) -> Iterator[Callable[..., RedisServer]]:
    """Makes servers, not yet started, for tests that mistreat them."""
    servers: list[RedisServer] = []

    def make(*arguments: str, password: str | None = None) -> RedisServer:
        folder = tmp_path / f"redis-{len(servers)}"
        folder.mkdir()
        servers.append(RedisServer(folder, *arguments, password=password))
        return servers[-1]

    yield make
    for server in servers:
        server.kill()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, list[str]]:
    """The file of a self-signed certificate for localhost, and redis-server's words for it."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *names, *files],
        check=True,
        capture_output=True,
    )
    words = ["--tls-cert-file", str(certificate), "--tls-key-file", str(key), "--tls-ca-cert-file", str(certificate)]
    return certificate, ["--tls-auth-clients", "no", *words]


@pytest.fixture
def own_redis(new_redis: Callable[..., RedisServer]) -> RedisServer:
    return new_redis().start()


KEYS = [b"a key of the contract's own"]


@pytest.fixture(params=["memory", "redis", "signed", "cluster"])
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[Pair]:
    """The same promises on every back end. Capacity 10, expiry 60 s on a clock that stands still."""
    clock = Clock()
    if request.param == "memory":
        async with MemoryChannelLayer(CAPACITY, EXPIRY, clock=clock) as layer:
            yield Pair(layer, layer, clock)
        return
    server = "shared_cluster" if request.param == "cluster" else "shared_redis"
    url, prefix = request.getfixturevalue(server).url, f"test-{uuid.uuid4().hex}"
    keys = () if request.param == "redis" else KEYS
    async with (
        RedisChannelLayer(url, CAPACITY, EXPIRY, prefix=prefix, keys=keys, clock=clock, timeout=PATIENCE) as here,
        RedisChannelLayer(url, CAPACITY, EXPIRY, prefix=prefix, keys=keys, clock=clock, timeout=PATIENCE) as there,
    ):
        await until(lambda: here.connected and there.connected)
        yield Pair(here, there, clock, nodes=3 if request.param == "cluster" else 1)
