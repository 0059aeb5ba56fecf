"""The soak: people write and read while parts of the machine are killed, paused and restarted; then the audit.

It ends with 1 when anything that was acknowledged is lost, doubled or out of order. The seed that it prints chooses the
same misfortunes again, though not to the millisecond.
"""

import argparse
import asyncio
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from tests.channel_layer.redis_server import RedisServer
from tests.faults.audit import Verdict, settled
from tests.faults.cluster import Cluster, Town, send_to_all
from tests.faults.readers import Reader
from tests.faults.traffic import Traffic, traffic
from tests.postgres import Postgres
from tests.servers import Server, free_port

BARS = {"redis killed": 5.0, "worker killed": 10.0}
"""Seconds within which the slowest client has to be whole again."""
PEOPLE = 12
HOPELESS = 120.0


@dataclass
class Recovery:
    """What happened, and in how many seconds the slowest client was whole again; `mixed`: the next fault came first."""

    name: str
    seconds: float | None = None
    mixed: bool = False

    def __str__(self) -> str:
        whole = "never" if self.seconds is None else f"{self.seconds:.2f}"
        return whole + ("*" if self.mixed else "")


class Misfortunes:
    """What can befall a machine. Each returns when its cause is over, which is when the clients may begin to mend.

    `hit` are the readers that lost their connection by it: they have to come back before anything is whole again.
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
        """Never two workers at once: then there would be nobody to come back to."""
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
        """One that loses its readers."""
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
        """As whoever watches over the workers would: again, when it does not start."""
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
        """All workers are there again."""
        if self.mending is not None:
            await self.mending


class Soak:
    """One run; `options` are the command line's."""

    def __init__(self, options: argparse.Namespace, cluster: Cluster, misfortunes: Misfortunes, t: Traffic) -> None:
        self.options = options
        self.cluster = cluster
        self.misfortunes = misfortunes
        self.t = t
        self.started = time.monotonic()
        self.recoveries: list[Recovery] = []
        self.watching: list[asyncio.Task[None]] = []

    async def run(self) -> Verdict:
        await self.t.listen(self.options.readers)
        self.misfortunes.readers = self.t.readers
        self.t.flow(self.options.rate, seed=self.options.seed)
        end = time.monotonic() + self.options.minutes * 60
        while time.monotonic() < end:
            pause = min(self.options.fault_every, end - time.monotonic())
            await asyncio.sleep(max(0.0, pause))
            if time.monotonic() < end:
                await self.strike()
        await self.misfortunes.over()
        await asyncio.gather(*self.watching)
        return await self.t.audit()

    async def strike(self) -> None:
        """One misfortune, and somebody who watches how long it takes to mend."""
        name, befall = await self.misfortunes.choose()
        for each in self.recoveries:
            each.mixed = each.mixed or each.seconds is None
        recovery = Recovery(name)
        self.recoveries.append(recovery)
        self.say(name)
        self.misfortunes.hit = []
        entries = {reader: reader.entries for reader in self.t.readers}
        await befall()
        returning = {reader: entries[reader] for reader in self.misfortunes.hit}
        self.watching.append(asyncio.create_task(self.watch(recovery, returning, time.monotonic())))

    async def watch(self, recovery: Recovery, returning: dict[Reader, int], since: float) -> None:
        heads = await self.heads()
        while any(reader.entries == before for reader, before in returning.items()):
            if time.monotonic() - since > HOPELESS:
                return
            await asyncio.sleep(0.02)
        if await settled(self.t.readers, heads, HOPELESS):
            recovery.seconds = time.monotonic() - since
        self.say(f"    whole after {recovery.name}: {recovery} s")

    async def heads(self) -> dict[int, int]:
        """What stands in the database now; the next fault may have come to it already."""
        while True:
            try:
                return await self.cluster.heads(self.t.rooms)
            except DBAPIError:
                await asyncio.sleep(0.05)

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self.started:7.1f}  {text}", flush=True)

    # -- at the end

    def report(self, verdict: Verdict) -> None:
        posts = self.t.ledger.posts
        print(f"\n{len(posts)} posts, {len(self.t.ledger.acknowledged)} of them acknowledged; "
              f"{sum(post.answers != [201] for post in posts)} needed more than one try; "
              f"{sum(len(reader.codes) for reader in self.t.readers)} times a reader came back, "
              f"{sum(reader.resets for reader in self.t.readers)} times to a new page")  # fmt: skip
        self.report_delays()
        self.report_recoveries()
        for line in self.misfortunes.failed_starts:
            print(f"a worker did not start: {line}")
        for line in troubles(self.cluster.logs):
            print(line)
        print(verdict)

    def report_delays(self) -> None:
        """From the acknowledgement to the eyes, over all messages and readers."""
        delays = sorted(
            reader.seen_at[post.id] - post.acknowledged_at
            for post in self.t.ledger.acknowledged
            for reader in self.t.readers
            if post.id in reader.seen_at and post.acknowledged_at is not None
        )
        if delays:
            half, most = delays[len(delays) // 2], delays[len(delays) * 99 // 100]
            print(f"acknowledged to seen: median {half * 1000:.0f} ms, 99 % {most:.2f} s, worst {delays[-1]:.2f} s")

    def report_recoveries(self) -> None:
        print("until the slowest client was whole again, in seconds (* the next fault came before that):")
        for name in sorted({each.name for each in self.recoveries}):
            of_it = [each for each in self.recoveries if each.name == name]
            alone = [each.seconds for each in of_it if each.seconds is not None and not each.mixed]
            bar, worst = BARS.get(name), max(alone, default=0.0)
            against = "" if bar is None else f" (bar {bar:.0f}: {'met' if worst <= bar else 'MISSED'})"
            print(f"  {name:19} worst {worst:5.2f}{against}  all: {' '.join(map(str, of_it))}")


def troubles(logs: str) -> list[str]:
    """What the workers' logs hold that nobody expects."""
    lines = logs.splitlines()
    count = sum(line.startswith("Traceback") for line in lines)
    ends = {line for line, next_line in zip(lines, [*lines[1:], ""], strict=True) if is_error(line, next_line)}
    return [f"{count} tracebacks in the workers' logs", *sorted(ends)[:20]] if count else []


def is_error(line: str, next_line: str) -> bool:
    return not line.startswith((" ", "INFO", "WARNING")) and "Error" in line.partition(":")[0] and next_line[:1] != " "


async def soak(options: argparse.Namespace, folder: Path) -> bool:
    postgres = Postgres()
    redis = None if options.no_redis else RedisServer(folder)
    postgres.start()
    url = postgres.create("soak").replace("postgresql://", "postgresql+psycopg://")
    redis_url = redis.start().url if redis else f"redis://127.0.0.1:{free_port()}"
    cluster = Cluster(folder, options.workers, url, redis_url)
    try:
        await asyncio.to_thread(cluster.start)
        town = await asyncio.to_thread(Town, cluster.workers[0].url, PEOPLE, options.rooms)
        misfortunes = Misfortunes(cluster, redis, postgres, random.Random(options.seed))
        async with traffic(cluster, town, town.rooms) as t:
            run = Soak(options, cluster, misfortunes, t)
            verdict = await run.run()
            run.report(verdict)
            return verdict.clean
    finally:
        cluster.stop()
        if redis:
            redis.kill()
        postgres.remove()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("minutes", type=float)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--no-redis", action="store_true", help="REDIS_URL leads nowhere throughout")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--readers", type=int, default=60)
    parser.add_argument("--rooms", type=int, default=6)
    parser.add_argument("--rate", type=float, default=20.0, help="posts a second")
    parser.add_argument("--fault-every", type=float, default=5.0, help="seconds between two faults")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    print(f"seed {options.seed}" + (", without Redis" if options.no_redis else ""), flush=True)
    folder = Path(tempfile.mkdtemp(prefix="tertulia-soak-"))
    clean = asyncio.run(soak(options, folder))
    if clean:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"the workers' logs are in {folder}")
    sys.exit(0 if clean else 1)


if __name__ == "__main__":
    main()
