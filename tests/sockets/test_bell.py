"""The bell on the wire: between two processes, and from somebody who writes what he likes."""

from pathlib import Path
from typing import Any

import pytest

from tests.channel_layer.redis_server import RedisServer
from tests.sockets.inside import inside
from tests.sockets.square import Square, dark, lit, say, told, until
from webapp.domain import events

pytestmark = pytest.mark.anyio
NOTHING_LIT = 'hx-target=".mark:not(:empty)"'


@pytest.mark.parametrize(
    "values",
    [
        {"posts": []}, {"posts": [[1]]}, {"posts": [[1, "x"]]}, {"posts": {}}, {"room": -1}, {"posts": [[1, 2**60]]},
        {"type": "people.read", "users": "x"}, {"type": "people.read", "users": [True]}, {"type": "people.held"},
        {"type": "people.read", "users": [1] * 1001}, {"type": "memberships.began", "user": None},
    ],
)  # fmt: skip
async def test_an_event_that_makes_no_sense_is_skipped(tmp_path: Path, values: dict[str, Any]) -> None:
    async with inside(tmp_path) as process:
        at = await Square(process).build()
        bea = await at.page(at.bea)
        good = events.room_posted(at.there, {at.ana.id: 1})
        process.shared.hub.deliver(events.Event(good.group, good.values | values))
        assert told(bea, lit(at.there)) == 0
        process.shared.hub.deliver(good)
        await bea.sees(lit(at.there))


async def test_two_processes_light_and_darken_each_others_pages(tmp_path: Path) -> None:
    redis = RedisServer(tmp_path).start()
    environ = {"REDIS_URL": redis.url, "SECRET_KEY": "k" * 32}
    try:
        async with inside(tmp_path, **environ) as one, inside(tmp_path, **environ) as two:
            at = await Square(one).build()
            here, there = await at.page(at.bea), await at.page(at.bea, process=two)
            cid = await at.page(at.cid, process=two)
            reading = await at.page(at.bea, at.there)
            await at.process.post(at.ana, at.there, "hello")
            for each in (here, there, cid):
                await each.sees(lit(at.there))
            say(reading, "end.seen")
            for each in (here, there):
                await each.sees(dark(at.there))
            assert told(cid, dark(at.there)) == 0
            await until(lambda: not one.shared.resources.work.publisher.bell.waiting)
            before = told(there, lit(at.there))
            await at.process.post(at.ana, at.there, "and this is seen as it comes")
            await until(lambda: two.shared.readers.readers[at.bea.id].read[at.there] == 2)
            await until(lambda: two.shared.readers.lighting is None)
            assert told(there, lit(at.there)) == before, "another process has said that it is read"
    finally:
        redis.kill()


async def test_without_redis_the_sweep_lights_and_darkens_what_no_event_told(tmp_path: Path) -> None:
    redis = RedisServer(tmp_path).start()
    environ = {"REDIS_URL": redis.url, "SECRET_KEY": "k" * 32, "SWEEP_SECONDS": "0.5"}
    try:
        async with inside(tmp_path, **environ) as one, inside(tmp_path, **environ) as two:
            at = await Square(one).build()
            elsewhere, reading = await at.page(at.bea, process=two), await at.page(at.bea, at.there)
            redis.kill()
            await until(lambda: not one.shared.resources.layer.connected and not two.shared.resources.layer.connected)
            await at.process.post(at.ana, at.there, "hello")
            await elsewhere.sees(lit(at.there))
            before = told(elsewhere, NOTHING_LIT)
            say(reading, "end.seen")
            await until(lambda: told(elsewhere, NOTHING_LIT) > before)
    finally:
        redis.kill()
