"""A copy of the layer's folder works in another program: fresh processes that know nothing of ours."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.channel_layer.redis_cluster import RedisCluster
from tests.channel_layer.redis_server import RedisServer

LAYER = Path(__file__).resolve().parents[2] / "webapp/channel_layer"
EXAMPLES = re.findall(r"```python\n(.*?)```", (LAYER / "README.md").read_text(), re.DOTALL)
TELEGRAPH = """
import asyncio, importlib.util, sys
from telegraph import open_channel_layer, open_publisher

async def talk(url):
    async with open_channel_layer(url) as here, open_channel_layer(url) as there:
        if url == "memory://":
            there = here
        channel = await there.new_channel()
        await there.group_add("room.7", channel)
        async with there.subscribe("room.7") as events:
            await here.group_send("room.7", {"type": "low.level"})
            print((await there.receive(channel))["type"], (await anext(events))["type"])
            if url != "memory://":
                with open_publisher(url) as publisher:
                    await asyncio.to_thread(publisher.group_send, "room.7", {"type": "from.a.thread"})
                print((await there.receive(channel))["type"], (await anext(events))["type"])

asyncio.run(talk(sys.argv[1]))
assert importlib.util.find_spec("webapp") is None
assert not [name for name in sys.modules if name.startswith("webapp")]
"""


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., "subprocess.Popen[str]"]:
    """Runs a program in a folder that holds the layer, under the name given, and nothing else."""

    def start(name: str, program: str, *arguments: str) -> "subprocess.Popen[str]":
        if not (tmp_path / name).exists():
            shutil.copytree(LAYER, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        command = [sys.executable, "-u", "-c", program, *arguments]
        return subprocess.Popen(command, cwd=tmp_path, env={}, text=True, stdout=subprocess.PIPE)

    return start


def output(process: "subprocess.Popen[str]") -> list[str]:
    lines = process.communicate(timeout=60)[0].splitlines()
    assert process.returncode == 0
    return lines


@pytest.mark.parametrize("back_end", ["memory", "redis", "cluster"])
def test_a_copy_passes_events(
    start: Callable[..., "subprocess.Popen[str]"], back_end: str, request: pytest.FixtureRequest
) -> None:
    url = "memory://" if back_end == "memory" else request.getfixturevalue(f"shared_{back_end}").url
    passed = ["low.level low.level"] + ["from.a.thread from.a.thread"] * (back_end != "memory")
    assert output(start("telegraph", TELEGRAPH, url)) == passed


def test_the_examples_of_the_readme_do_what_they_say(
    start: Callable[..., "subprocess.Popen[str]"], own_redis: RedisServer
) -> None:
    low_level, subscription, publisher, consumer = [
        example.replace("redis://localhost:6379/0", own_redis.url) for example in EXAMPLES
    ]
    event = "{'type': 'messages.changed', 'room': 7}"
    assert output(start("channel_layer", low_level)) == [event]
    listeners = [start("channel_layer", each) for each in (subscription, consumer)]
    try:
        RedisCluster.until(lambda: own_redis.subscribers("chat:0:group:room.7") == 2)
        assert output(start("channel_layer", publisher)) == []
        heard = [listener.stdout.readline() for listener in listeners if listener.stdout]
        assert heard == [f"{event} missed so far: 0\n", "room 7 has news\n"]
    finally:
        for listener in listeners:
            listener.kill()
            listener.communicate()
    own_redis.kill()
    assert output(start("channel_layer", publisher))[0].startswith("nobody was told: ")
