"""Faults of one machine, chosen by dice: workers, Redis, PostgreSQL and connections that are killed or paused."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable

from tests.channel_layer.redis_server import RedisServer
from tests.faults.cluster import Cluster, send_to_all
from tests.faults.readers import Reader
from tests.postgres import Postgres
from tests.servers import Server


class Misfortunes:
    """Each method returns when the fault is over, so that clients can recover from then on.

    `hit` are the readers that lost their connection by the newest one.
    """

    def __init__(self, cluster: Cluster, redis: RedisServer | None, postgres: Postgres, dice: random.Random) -> None:
        self.cluster = cluster
        self.redis = redis
        self.postgres = postgres
        self.dice = dice
        self.readers: list[Reader] = []
        self.hit: list[Reader] = []
        self.failed_starts: list[str] = []
        self.mending: asyncio.Task[None] | None = None

    async def choose(self) -> tuple[str, Callable[[], Awaitable[None]]]:
        """The name of a fault, and what does it. Never two workers at once: clients could go nowhere."""
        kinds: dict[str, Callable[[], Awaitable[None]]] = {
            "clients dropped": self.drop_clients,
            "postgres crashed": lambda: self.restart_postgres(signal.SIGQUIT),
            "postgres paused": self.pause_postgres,
            "postgres restarted": lambda: self.restart_postgres(signal.SIGINT),
            "worker killed": self.kill_worker,
            "worker paused": self.pause_worker,
            "worker terminated": self.terminate_worker,
        }
        if self.redis is not None:
            kinds |= {"redis killed": self.kill_redis, "redis paused": self.pause_redis}
        name = self.dice.choice(sorted(kinds))
        if name.startswith("worker"):
            await self.over()
        return name, kinds[name]

    def some_worker(self) -> Server:
        """A worker; its readers are hit."""
        worker = self.dice.choice(self.cluster.workers)
        self.hit = [reader for reader in self.readers if reader.live and reader.door == worker.url]
        return worker

    async def kill_worker(self) -> None:
        worker = self.some_worker()
        await self.cluster.kill(worker)
        self.mending = asyncio.create_task(self._begin(worker))

    async def terminate_worker(self) -> None:
        worker = self.some_worker()
        self.mending = asyncio.create_task(self._replace(worker))

    async def _replace(self, worker: Server) -> None:
        await self.cluster.terminate(worker)
        await self._begin(worker)

    async def _begin(self, worker: Server) -> None:
        """As a supervisor would: again, until it starts."""
        while True:
            try:
                await self.cluster.begin(worker)
                return
            except RuntimeError as error:
                self.failed_starts.append(str(error).splitlines()[-1])

    async def pause_worker(self) -> None:
        worker = self.dice.choice(self.cluster.workers)
        worker.pause()
        try:
            await asyncio.sleep(self.dice.uniform(0.5, 4))
        finally:
            worker.resume()

    async def kill_redis(self) -> None:
        assert self.redis is not None
        await asyncio.to_thread(self.redis.kill)
        await asyncio.sleep(self.dice.uniform(0, 4))
        await asyncio.to_thread(self.redis.start)

    async def pause_redis(self) -> None:
        assert self.redis is not None
        self.redis.pause()
        try:
            await asyncio.sleep(self.dice.uniform(0.5, 4))
        finally:
            self.redis.resume()

    async def restart_postgres(self, how: signal.Signals) -> None:
        await asyncio.to_thread(self.postgres.stop, how)
        await asyncio.sleep(self.dice.uniform(0, 2))
        await asyncio.to_thread(self.postgres.start)

    async def pause_postgres(self) -> None:
        assert self.postgres.process is not None
        send_to_all(self.postgres.process.pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(self.dice.uniform(0.5, 3))
        finally:
            send_to_all(self.postgres.process.pid, signal.SIGCONT)

    async def drop_clients(self) -> None:
        live = [reader for reader in self.readers if reader.live]
        self.hit = self.dice.sample(live, len(live) // 3)
        for reader in self.hit:
            reader.drop()

    async def over(self) -> None:
        """Wait until all workers run again."""
        if self.mending is not None:
            await self.mending
