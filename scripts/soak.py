"""The soak: people write and read while parts of the machine are killed, paused and restarted; then the audit.

Exits with 1 when a message that was acknowledged is lost, doubled or out of order. The seed that it prints chooses the
same faults again, though not to the millisecond.
"""

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from scripts.misfortunes import Misfortunes
from tests.channel_layer.redis_server import RedisServer
from tests.faults.audit import Verdict, settled
from tests.faults.cluster import Cluster, Town
from tests.faults.readers import Reader
from tests.faults.traffic import Traffic, traffic
from tests.postgres import Postgres
from tests.servers import free_port

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
