"""Two communities on one Redis hear, show and count nothing of each other."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.channel_layer.redis_cluster import RedisCluster
from tests.channel_layer.redis_server import RedisServer
from tests.people import Live, Person, newcomer, set_up
from tests.servers import Server

TRIES = 40
"""More wrong passwords than any limit by address or name lets through."""


@dataclass(frozen=True)
class Community:
    """One room, with a word of its own that no other may know."""

    server: Server
    admin: Person
    room: int
    word: str

    @classmethod
    def founded(cls, server: Server, word: str) -> "Community":
        admin = set_up(server.url, community=word)
        room = admin.make_room("Garden")
        admin.post(room, f"{word} opens")
        return cls(server, admin, room, word)


@pytest.fixture(params=["one number", "two numbers", "a cluster"])
def addresses(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The REDIS_URL of each of the two."""
    if request.param == "a cluster":
        redis: RedisCluster | RedisServer = RedisCluster(tmp_path / "redis")
    else:
        (tmp_path / "redis").mkdir()
        redis = RedisServer(tmp_path / "redis")
    try:
        redis.start()
        yield (f"{redis.url}/1", f"{redis.url}/2") if request.param == "two numbers" else (redis.url, redis.url)
    finally:
        redis.kill()


@pytest.fixture
def neighbours(addresses: tuple[str, str], tmp_path: Path) -> Iterator[tuple[Community, Community]]:
    """Of the same key, as one who copies a configuration has them: only what the databases keep tells them apart."""
    key = "a key that one operator used for both"
    servers = [
        Server(tmp_path / word, REDIS_URL=url, SECRET_KEY=key, HEARTBEAT_SECONDS="0.3", PRESENCE_GRACE_SECONDS="0.5")
        for url, word in zip(addresses, ("apple", "pear"), strict=True)
    ]
    try:
        with ThreadPoolExecutor() as threads:
            list(threads.map(Server.start, servers))
        apple, pear = (Community.founded(server, server.folder.name) for server in servers)
        assert apple.room == pear.room
        assert apple.admin.id == pear.admin.id
        yield apple, pear
    finally:
        for server in servers:
            server.kill()


def test_case_61_two_installations_on_one_redis(neighbours: tuple[Community, Community]) -> None:
    apple, pear = neighbours
    with apple.admin.live(apple.room) as one, pear.admin.live(pear.room) as two:
        for here, live, other, far in ((apple, one, pear, two), (pear, two, apple, one)):
            much_happens(here, live)
            assert burns_nothing(other, far)
            assert not heard(here.word, far)
            with other.admin.live(other.room) as fresh:
                two_beats(fresh)
                assert not heard(here.word, fresh), "nor in the list of who is here"
    count_no_attempts_of_each_other(apple, pear)
    assert "WARNING" not in pear.server.log.read_text()


def much_happens(here: Community, live: Live) -> None:
    """The other's log stands where this one did: the first of these revisions would be its next, the rest later."""
    guest = newcomer(here.admin, f"Guest of {here.word}")
    here.admin.let_in(here.room, guest)
    with guest.live(here.room) as theirs:
        live.sees(f"{guest.name} joined")
        for number in range(5):
            guest.post(here.room, f"{here.word} {number}")
        theirs.sees(f"{here.word} 4")
    live.sees(f"{guest.name} left")


def heard(word: str, live: Live) -> list[str]:
    return [frame for frame in live.frames if word in frame]


def two_beats(live: Live) -> None:
    """Long enough for what was published before to arrive."""
    for _ in range(2):
        live.sees('id="heartbeat"')


def burns_nothing(community: Community, live: Live) -> bool:
    start, cpu = time.monotonic(), community.server.cpu_seconds
    for _ in range(3):
        two_beats(live)
    return community.server.cpu_seconds - cpu < 0.3 * (time.monotonic() - start)


def count_no_attempts_of_each_other(here: Community, other: Community) -> None:
    """Whoever guesses at one does not lock the other's people out."""
    stranger = Person(here.server.url, here.admin.username)
    guess = {"username": here.admin.username, "password": "not the right one"}
    assert any(stranger.http.post("/login", data=guess).status_code == 429 for _ in range(TRIES))
    Person(other.server.url, other.admin.username).sign_in()
