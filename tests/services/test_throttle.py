"""Attempts are counted together by all processes that share a Redis, and alone while it is away."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from tests.channel_layer.redis_cluster import RedisCluster
from tests.channel_layer.redis_server import RedisServer
from webapp.domain.errors import Busy, SignedOut
from webapp.services.pace import Pace
from webapp.services.redis_client import TIMES
from webapp.services.resources import check_redis
from webapp.services.throttle import REMEMBERED, Attempt, Counters, Throttle
from webapp.settings import Limits, SettingsError, load

pytestmark = pytest.mark.anyio
LIMITS = Limits(logins_per_address=10, logins_per_name=5)


class Stranger(SignedOut):
    """A wrong guess."""


async def test_five_for_a_name_and_ten_from_an_address() -> None:
    throttle = Throttle(LIMITS)
    for number in range(10):
        assert await throttle.sign_in("1.2.3.4", "ana" if number < 5 else f"other{number}")
    assert not await throttle.sign_in("1.2.3.4", "bea")
    assert await throttle.sign_in("5.6.7.8", "bea")
    assert not await throttle.sign_in("5.6.7.8", "ana")


@pytest.mark.parametrize("kind", [None, RedisServer, RedisCluster])
async def test_a_try_is_counted_in_all_its_counters_or_in_none_and_can_be_given_back(
    tmp_path: Path, kind: type[RedisServer] | type[RedisCluster] | None
) -> None:
    server = None if kind is None else kind(tmp_path)
    try:
        throttle = Throttle(LIMITS, None if server is None else server.start().url)
        tries = [await throttle.sign_in(f"a{number}", "ana") for number in range(5)]
        for _ in range(20):
            assert not await throttle.sign_in("b", "ana")
        for number in range(10):
            assert await throttle.sign_in("b", f"other{number}"), "what the name refused counts for no address"
        assert tries[0] is not None
        await throttle.give_back(tries[0])
        assert not await throttle.sign_in("b", "ana"), "the address is full"
        assert await throttle.sign_in("c", "ana")
        assert not await throttle.sign_in("d", "ana"), "one was given back, not all"
        await throttle.close()
    finally:
        if server is not None:
            server.kill()


@pytest.mark.parametrize("wrong", [Stranger, asyncio.CancelledError])
async def test_what_ends_otherwise_than_wrong_is_given_back(wrong: type[BaseException]) -> None:
    """Who goes away while their password is looked at has used a try."""
    throttle = Throttle(Limits(logins_per_address=1))
    for error in (Busy("later", 1), RuntimeError(), None):
        attempt = await throttle.guess("a")
        assert attempt is not None
        with suppress(Busy, RuntimeError):
            async with throttle.tried(attempt, wrong=Stranger):
                if error is not None:
                    raise error
    attempt = await throttle.guess("a")
    assert attempt is not None
    with pytest.raises(wrong):
        async with throttle.tried(attempt, wrong=Stranger):
            raise wrong
    assert not await throttle.guess("a")


async def test_tries_are_forgotten_after_their_time() -> None:
    now = [0.0]
    counters = Counters(10, lambda: now[0])
    assert counters.count(Attempt("one", ("x", "y")), (1, 2))
    now[0] = 6.0
    assert not counters.count(Attempt("two", ("x",)), (1,))
    assert counters.count(Attempt("two", ("y",)), (2,))
    assert not counters.count(Attempt("three", ("y",)), (2,))
    now[0] = 10.0
    assert counters.count(Attempt("three", ("y",)), (2,)), "one of two is over"
    assert not counters.count(Attempt("four", ("y",)), (2,))
    now[0] = 60.0
    assert counters.count(Attempt("five", ("z",)), (2,))
    assert list(counters.moments) == ["z"]
    for number in range(REMEMBERED + 10):
        counters.count(Attempt("six", (str(number),)), (1,))
    assert len(counters.moments) <= REMEMBERED + 1


async def test_a_unix_socket(tmp_path: Path) -> None:
    server = RedisServer(tmp_path).start()
    try:
        throttle = Throttle(LIMITS, f"unix://{server.socket}?db=3")
        for _ in range(5):
            await throttle.sign_in("a", "ana")
        assert server.command("INFO", "keyspace")["db3"]["keys"] == 2
        await throttle.close()
    finally:
        server.kill()


async def test_posts_of_one_person_are_not_anothers() -> None:
    now = [0.0]
    pace = Pace(3, 5, "Slower.", lambda: now[0])
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
            assert await one.sign_in("a", "ana")
        for _ in range(2):
            assert await two.sign_in("b", "ana")
        assert not await one.sign_in("c", "ana")
        assert not await two.sign_in("c", "ana")
        at_once = await asyncio.gather(*(throttle.sign_in("c", "bea") for throttle in (one, two) * 50))
        assert sum(attempt is not None for attempt in at_once) == 5
        server.kill()
        assert await two.sign_in("c", "ana"), "of this process's own there were two"
        for _ in range(2):
            assert await two.sign_in("c", "ana")
        assert not await two.sign_in("c", "ana")
        await one.close()
        await two.close()
    finally:
        server.kill()


async def test_a_call_that_takes_too_long_is_made_again_and_counted_once(tmp_path: Path) -> None:
    server = RedisServer(tmp_path).start()
    throttle = Throttle(LIMITS, server.url)
    try:
        for _ in range(4):
            assert await throttle.sign_in("a", "ana")
        server.pause()
        trying = asyncio.create_task(throttle.sign_in("b", "ana"))
        await asyncio.sleep(TIMES["socket_timeout"] + 0.3)
        server.resume()
        assert await trying
        assert not throttle.away
        keys = server.command("KEYS", "*login-name:ana")
        assert [server.command("ZCARD", key) for key in keys] == [5]
        server.pause()
        assert await throttle.sign_in("c", "bea"), "by this process's own count"
        assert throttle.away
        server.resume()
        while throttle.away:
            attempt = await throttle.guess("d")
            assert attempt is not None
            await throttle.give_back(attempt)
    finally:
        await throttle.close()
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
