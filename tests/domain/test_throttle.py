"""Attempts are counted together by all processes that share a Redis, and alone while it is away."""

from pathlib import Path

import pytest

from tests.channel_layer.redis_cluster import RedisCluster
from tests.channel_layer.redis_server import RedisServer
from webapp.domain.pace import Pace
from webapp.domain.resources import check_redis
from webapp.domain.throttle import Throttle
from webapp.settings import Limits, SettingsError, load

pytestmark = pytest.mark.anyio
LIMITS = Limits(logins_per_address=10, logins_per_name=5)


async def test_five_for_a_name_and_ten_from_an_address() -> None:
    throttle = Throttle(LIMITS)
    for number in range(10):
        assert await throttle.may_sign_in("1.2.3.4", "ana") == (number < 5)
        await throttle.wrong_password("1.2.3.4", "ana" if number < 5 else f"other{number}")
    assert not await throttle.may_sign_in("1.2.3.4", "bea")
    assert await throttle.may_sign_in("5.6.7.8", "bea")
    assert not await throttle.may_sign_in("5.6.7.8", "ana")


async def test_a_unix_socket(tmp_path: Path) -> None:
    server = RedisServer(tmp_path).start()
    try:
        throttle = Throttle(LIMITS, f"unix://{server.socket}?db=3")
        for _ in range(5):
            await throttle.wrong_password("a", "ana")
        assert server.command("INFO", "keyspace")["db3"]["keys"] == 2
    finally:
        server.kill()


async def test_posts_of_one_person_are_not_anothers() -> None:
    now = [0.0]
    pace = Pace(3, 5, lambda: now[0])
    assert [pace.allows("one") for _ in range(5)] == [True] * 3 + [False] * 2
    assert pace.allows("two")
    pace.belongs("one", 7)
    pace.belongs("other window", 7)
    assert not pace.allows("one")
    assert not pace.allows("other window"), "all sessions of a person share a pace"
    now[0] = 5.0
    assert pace.allows("other window")


@pytest.mark.parametrize("kind", [RedisServer, RedisCluster])
async def test_processes_count_together_and_do_without_redis(
    tmp_path: Path, kind: type[RedisServer] | type[RedisCluster]
) -> None:
    server = kind(tmp_path)
    try:
        server.start()
        one, two = Throttle(LIMITS, server.url), Throttle(LIMITS, server.url)
        for _ in range(3):
            await one.wrong_password("a", "ana")
        for _ in range(2):
            await two.wrong_password("b", "ana")
        assert not await one.may_sign_in("c", "ana")
        assert not await two.may_sign_in("c", "ana")
        server.kill()
        assert await one.may_sign_in("c", "ana")
        for _ in range(2):
            await one.wrong_password("a", "ana")
        assert not await one.may_sign_in("c", "ana")
    finally:
        server.kill()


@pytest.mark.parametrize(
    "url",
    [
        "redis://redis.example.org", "redis://ana:p%40ss@redis.example.org:7000/3", "rediss://[::1]:7000",
        "unix:///tmp/redis.sock?db=3", "redis+cluster://[::1]:7000,[::1]:7001", "redis+cluster://a.example.org",
        "rediss+cluster://ana:p%40s,s@a.example.org:7000,b.example.org/0?ssl_cert_reqs=none",
    ],
)  # fmt: skip
def test_every_client_of_redis_takes_this_url(tmp_path: Path, url: str) -> None:
    check_redis(load({"DATA_DIR": str(tmp_path), "REDIS_URL": url}))


@pytest.mark.parametrize("rest", ["?retry=3", "?nonsense=1"])
@pytest.mark.parametrize("scheme", ["redis", "redis+cluster"])
def test_a_url_that_one_of_them_cannot_use_is_refused(tmp_path: Path, scheme: str, rest: str) -> None:
    settings = load({"DATA_DIR": str(tmp_path), "REDIS_URL": f"{scheme}://redis.example.org:7000{rest}"})
    with pytest.raises(SettingsError, match=r"^REDIS_URL: "):
        check_redis(settings)
