import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

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
def own_redis(new_redis: Callable[..., RedisServer]) -> RedisServer:
    return new_redis().start()


@pytest.fixture(params=["memory", "redis"])
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[Pair]:
    """The same promises on both back ends. Capacity 10, expiry 60 s on a clock that stands still."""
    clock = Clock()
    if request.param == "memory":
        async with MemoryChannelLayer(CAPACITY, EXPIRY, clock=clock) as layer:
            yield Pair(layer, layer, clock)
        return
    url, prefix = request.getfixturevalue("shared_redis").url, f"test-{uuid.uuid4().hex}"
    async with (
        RedisChannelLayer(url, CAPACITY, EXPIRY, prefix=prefix, clock=clock, timeout=PATIENCE) as here,
        RedisChannelLayer(url, CAPACITY, EXPIRY, prefix=prefix, clock=clock, timeout=PATIENCE) as there,
    ):
        await until(lambda: here.connected and there.connected)
        yield Pair(here, there, clock)
