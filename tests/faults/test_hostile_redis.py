"""Somebody else can write to our Redis: they can keep events from arriving, and no more."""

import json
import random
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.channel_layer.redis_server import RedisServer
from tests.faults.cluster import Cluster
from tests.people import Live, Person, newcomer, set_up, sign_in
from tests.servers import Server
from webapp.sockets.shapes import POSITIONS

EVIL = "eeevil"
"""It is in all that the attacker writes, and must be in nothing that anybody sees."""
ANYTHING: list[Any] = [None, True, -1, 1.5, 10**400, EVIL, [EVIL], {EVIL: EVIL}, [[EVIL]], "\ud800", [None] * 13]
LINES = 12
"""At most so many lines in a worker's log, one for each kind of thing that was wrong, however much of it."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    (tmp_path / "redis").mkdir()
    made = RedisServer(tmp_path / "redis").start()
    yield made
    made.kill()


@pytest.fixture
def workers(tmp_path: Path, server: RedisServer) -> Iterator[Cluster]:
    made = Cluster(tmp_path / "tertulia", 2, redis_url=server.url, HEARTBEAT_SECONDS="0.3", PRESENCE_GRACE_SECONDS="1")
    made.workers[0].folder.parent.mkdir()
    try:
        yield made.start()
    finally:
        made.stop()


class Attacker:
    """Reads and writes the whole server. Always the same, for its dice have a seed."""

    def __init__(self, server: RedisServer) -> None:
        self.client = redis.Redis(unix_socket_path=str(server.socket), protocol=2)
        self.dice = random.Random(62)
        self.tap = self.client.pubsub()
        self.tap.psubscribe("*")

    @property
    def topics(self) -> list[bytes]:
        return list(self.client.pubsub_channels())

    def recorded(self) -> list[bytes]:
        """All that was published since it began."""
        heard = []
        while message := self.tap.get_message(timeout=0.2):
            if message["type"] == "pmessage":
                heard.append(message["data"])
        return heard

    def publish(self, frames: list[bytes]) -> None:
        """All of them to every topic, after every head that a frame could have."""
        processes = {topic.rpartition(b":")[2] for topic in self.topics if b":process:" in topic}
        channels = [b"specific.%b.%d" % (process, number) for process in processes for number in range(1, 6)]
        with self.client.pipeline(transaction=False) as pipe:
            for topic, frame in product(self.topics, frames):
                for head in (b"", EVIL.encode() + b" ", *(each + b" " for each in (*processes, *channels))):
                    pipe.publish(topic, head + frame)
            pipe.execute()

    def words(self, room: int, head: int) -> list[bytes]:
        """Events as they could be, and as they could not."""
        methods = ["start", "say", "leave", "join", "check", "catch_up", "stop", "close", "__init__", EVIL, "", 7]
        known = ["messages.changed", "rooms.changed", "presence.changed", "presence.renewed", "memberships.ended"]
        known += ["sessions.ended", "community.changed"]
        events = [self._event(kind, room, head) for kind in (*methods, *known * 4)]
        rubbish = [self.dice.randbytes(self.dice.randrange(200)) for _ in range(20)]
        return [json.dumps(each).encode() for each in events] + rubbish + [b"[" * 5_000, b"null", b"{}", b"x" * 200_000]

    def _event(self, kind: Any, room: int, head: int) -> dict[str, Any]:
        pick = self.dice.choice
        revision = head + pick([1, 1, 2, 50, 2**40])
        message = [999, room, 1, EVIL, f"<p>{EVIL}</p>", 10**15, 0, False, True, revision, revision, None, None]
        told = pick([message, dict(zip(POSITIONS, message, strict=True)) | {pick([EVIL, "html"]): EVIL}])
        values = {"room": room, "revision": revision, "messages": [told], "user": pick([1, 2, EVIL, None])}
        values |= {"name": EVIL, "topic": EVIL, "here": pick([True, False, EVIL]), "session": EVIL}
        values |= {"visibility": pick(["open", EVIL]), "community": EVIL}
        spoilt = pick([None, None, *values])
        return {"type": kind} | values | ({spoilt: pick(ANYTHING)} if spoilt else {})

    def spoil_presence(self) -> None:
        """People and rooms that are none, in the sets and hashes that there are."""
        for key in self.client.scan_iter():
            with_name, kind = EVIL.encode(), self.client.type(key)
            for member in (with_name, b"1", b"-1", b"\xff\xfe", b"9" * 400, b"7:names"):
                if kind == b"zset":
                    self.client.zadd(key, {member: self.dice.choice([0, float("inf")])})
                elif kind == b"hash":
                    self.client.hset(key, member, with_name)
                elif kind == b"set":
                    self.client.sadd(key, member)
            if kind == b"string":
                self.client.set(key, b"\xff" + with_name)

    def spoil_types(self) -> None:
        """Every key, and those that could be, of a type that it must not have."""
        for key in self.client.scan_iter():
            with self.client.pipeline() as at_once:
                at_once.delete(key).lpush(key, EVIL).execute()


class Table:
    """Three people in one room over two workers: their sockets, and what they see."""

    def __init__(self, workers: Cluster) -> None:
        one, two = workers.workers
        self.ana = set_up(one.url)
        self.bea, self.carl = newcomer(self.ana, "Bea"), newcomer(self.ana, "Carl")
        self.room = self.ana.make_room("Garden", self.bea, self.carl)
        self.there = sign_in(two.url, self.bea.username)
        self.said = 0

    def all_is_well(self, *sockets: Live) -> None:
        """What is posted in either worker is seen by everybody."""
        for person in (self.ana, self.there):
            self.said += 1
            person.post(self.room, f"word {self.said}")
            for live in sockets:
                live.sees(f"word {self.said}")
        assert not [frame for live in sockets for frame in live.frames if EVIL in frame]


def rename(person: Person, room: int, name: str) -> None:
    form = {"name": name, "topic": "", "visibility": "closed"}
    assert person.http.post(f"/rooms/{room}", data=form).status_code == 303


def guess(person: Person) -> None:
    """So that there is a count of wrong passwords, too."""
    wrong = {"username": person.username, "password": "not the right one"}
    assert Person(person.url, "stranger").http.post("/login", data=wrong).status_code == 401


def test_case_62_whatever_somebody_else_writes_to_redis(workers: Cluster, server: RedisServer) -> None:
    attacker, table = Attacker(server), Table(workers)
    with table.ana.live(table.room) as ana, table.there.live(table.room) as bea:
        table.all_is_well(ana, bea)
        head = ana.log.cursor
        for _ in range(3):
            attacker.publish(attacker.words(table.room, head))
            table.all_is_well(ana, bea)
            head = ana.log.cursor
        guess(table.ana)
        attacker.spoil_presence()
        table.all_is_well(ana, bea)
        with table.carl.live(table.room) as carl:
            attacker.spoil_types()
            table.all_is_well(ana, bea, carl)
        guess(table.ana)
        assert sign_in(table.ana.url, table.ana.username).page(table.room).texts == table.ana.page(table.room).texts
        for worker, live in zip(workers.workers, (ana, bea), strict=True):
            assert burns_nothing(worker, live)
    for worker in workers.workers:
        said = worker.log.read_text()
        assert "Traceback" not in said, said[-3000:]
        lines = [line for line in said.splitlines() if not line.startswith("INFO")]
        assert 1 <= len(lines) <= LINES, said[-3000:]


def test_case_62_what_was_said_is_not_heard_again(workers: Cluster, server: RedisServer) -> None:
    """Every event of a while, sent to every topic again: no old name, no lost right, no one who seems to leave."""
    attacker, table = Attacker(server), Table(workers)
    rename(table.ana, table.room, "Old Garden")
    rename(table.ana, table.room, "New Garden")
    table.ana.remove(table.room, table.bea)
    table.ana.let_in(table.room, table.bea)
    with table.ana.live(table.room) as ana:
        with table.carl.live(table.room):
            ana.sees("Carl joined")
        ana.sees("Carl left")
    recorded = attacker.recorded()
    for kind in ("rooms.changed", "memberships.ended", "presence.changed"):
        assert any(kind.encode() in frame for frame in recorded), kind
    with table.ana.live(table.room) as ana, table.there.live(table.room) as bea:
        table.all_is_well(ana, bea)
        ana.frames.clear()
        bea.frames.clear()
        for topic, frame in product(attacker.topics, recorded):
            attacker.client.publish(topic, frame)
        table.all_is_well(ana, bea)
        assert not [frame for live in (ana, bea) for frame in live.frames if "Old Garden" in frame or "Carl" in frame]


def burns_nothing(worker: Server, live: Live) -> bool:
    start, cpu = time.monotonic(), worker.cpu_seconds
    for _ in range(5):
        live.sees('id="heartbeat"')
    return worker.cpu_seconds - cpu < 0.3 * (time.monotonic() - start)
