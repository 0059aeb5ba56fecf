"""Tertulia as it is deployed: worker processes over one database and one Redis, each of which can be killed.

    cluster = Cluster(folder, workers=2, database_url=url, redis_url=redis.url).start()
    await cluster.kill(cluster.workers[0])

`doors()` is what a proxy in front would do: the workers' addresses, in a random order at each call.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, Self

import httpx
from sqlalchemy import Row, text

from tests.people import Person, newcomer, set_up
from tests.ports import free_port
from tests.servers import PLAIN, ROOT, SETUP_TOKEN, START_WITHIN, UNHURRIED, Server
from webapp.store.engine import open_engine

ENVIRON = {
    **UNHURRIED,
    "SECRET_KEY": "a key that all workers of the tests share",
    "MAX_POSTS": "1000000",
    "MAX_LOGINS_PER_ADDRESS": "100000",
    "MAX_SOCKETS_PER_PERSON": "1000",
    "MAX_SOCKETS_PER_ADDRESS": "100000",
}


class Doors(Protocol):
    """Where clients knock."""

    def doors(self) -> list[str]: ...


class Cluster:
    """Without `redis_url` the channel layer is in memory; without `database_url` there is a SQLite file."""

    def __init__(
        self,
        folder: Path,
        workers: int = 1,
        database_url: str | None = None,
        redis_url: str | None = None,
        **environ: str,
    ) -> None:
        self.database_url = database_url or f"sqlite:///{folder / 'tertulia.db'}"
        values = {**ENVIRON, "DATABASE_URL": self.database_url, **environ}
        if redis_url:
            values["REDIS_URL"] = redis_url
        self.workers = [Server(folder / f"worker-{number}", **values) for number in range(workers)]

    def start(self) -> Self:
        """All at once, so that their migrations meet."""
        with ThreadPoolExecutor() as threads:
            list(threads.map(Server.start, self.workers))
        return self

    def stop(self) -> None:
        for worker in self.workers:
            worker.kill()

    def doors(self) -> list[str]:
        return [worker.url for worker in random.sample(self.workers, len(self.workers))]

    @property
    def logs(self) -> str:
        return "".join(worker.log.read_text() for worker in self.workers)

    # -- what befalls them, without stopping the loop of who watches

    async def kill(self, worker: Server) -> None:
        await asyncio.to_thread(worker.kill)

    async def terminate(self, worker: Server) -> int:
        return await asyncio.to_thread(worker.terminate)

    async def begin(self, worker: Server) -> None:
        await asyncio.to_thread(worker.start)

    # -- what the database says

    def rows(self, statement: str, **values: Any) -> Sequence[Row[Any]]:
        return rows(self.database_url, statement, **values)

    async def heads(self, room_ids: Sequence[int]) -> dict[int, int]:
        """The revision that each room's log stands at, read from the database."""
        found = await asyncio.to_thread(self.rows, "SELECT id, head FROM rooms")
        return {row.id: row.head for row in found if row.id in room_ids}


class Deployment:
    """`python -m webapp serve`, the command itself, with its workers behind one port."""

    def __init__(self, folder: Path, database_url: str, redis_url: str, workers: int = 2, **environ: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.database_url = database_url
        self.port = free_port()
        self.log = folder / "serve.log"
        self.environ = {
            **{name: os.environ[name] for name in PLAIN if name in os.environ},
            **ENVIRON,
            "PYTHONUNBUFFERED": "1",
            "DATA_DIR": str(folder),
            "SETUP_TOKEN": SETUP_TOKEN,
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "WEB_CONCURRENCY": str(workers),
            "PORT": str(self.port),
            **environ,
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def doors(self) -> list[str]:
        return [self.url]

    def start(self) -> Self:
        self.begin()
        self.await_answer()
        return self

    def begin(self) -> None:
        command = [sys.executable, "-m", "webapp", "serve"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.environ, stdout=log, stderr=log)

    def await_answer(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + START_WITHIN
        while not answers(self.url):
            assert self.process.poll() is None, self.log.read_text()[-4000:]
            assert time.monotonic() < deadline, self.log.read_text()[-4000:]
            time.sleep(0.05)

    @property
    def workers(self) -> set[int]:
        """The process ids of its workers: its children but the one that multiprocessing keeps for itself."""
        assert self.process is not None
        return {pid for pid in children(self.process.pid) if b"resource_tracker" not in command_line(pid)}

    def hang_up(self) -> None:
        """Ask it to put fresh workers in the place of its old ones, one after the other."""
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)

    def terminate(self, within: float) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(within)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            for pid in (*self.workers, self.process.pid):
                os.kill(pid, signal.SIGKILL)
            self.process.wait()

    def rows(self, statement: str, **values: Any) -> Sequence[Row[Any]]:
        return rows(self.database_url, statement, **values)

    async def heads(self, room_ids: Sequence[int]) -> dict[int, int]:
        found = await asyncio.to_thread(self.rows, "SELECT id, head FROM rooms")
        return {row.id: row.head for row in found if row.id in room_ids}


class Town:
    """Some people, all of them in all of some rooms. The first is the admin."""

    def __init__(self, url: str, people: int, rooms: int) -> None:
        self.ana = set_up(url)
        self.people: list[Person] = [self.ana, *(newcomer(self.ana, f"Person {n}") for n in range(1, people))]
        self.ids = {person: person.id for person in self.people}
        self.rooms = [self.new_room() for _ in range(rooms)]

    def new_room(self) -> int:
        return self.ana.make_room("Room", *self.people[1:])


def rows(database_url: str, statement: str, **values: Any) -> Sequence[Row[Any]]:
    engine = open_engine(database_url, write=False)
    try:
        with engine.connect() as connection:
            return connection.execute(text(statement), values).all()
    finally:
        engine.dispose()


async def until(condition: Callable[[], bool], within: float) -> None:
    """Returns when the condition holds. TimeoutError: it did not, in so many seconds."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        await asyncio.sleep(0.02)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/up", timeout=5, trust_env=False).is_success
    except httpx.TransportError:
        return False


def readiness(url: str) -> str:
    """What /ready says; it must be 200 as long as posts are stored."""
    answer = httpx.get(f"{url}/ready", timeout=20, trust_env=False)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["status"])


def children(pid: int) -> set[int]:
    """Of a process, whichever of its threads started them."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        return {int(child) for thread in threads for child in (thread / "children").read_text().split()}
    except FileNotFoundError:
        return set()


def command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""


def send_to_all(pid: int, number: signal.Signals) -> None:
    """A signal to a process and to all that descend from it, the parent first."""
    os.kill(pid, number)
    for child in children(pid):
        try:
            send_to_all(child, number)
        except ProcessLookupError:
            continue
