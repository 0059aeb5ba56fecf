"""Readers and posters together, and the audit when they are done.

async with traffic(cluster, town, readers=6) as t:
    await t.burst(100)
    ...
    await t.comes_out_clean()
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.faults.audit import Store, Verdict, audit, settled
from tests.faults.cluster import Cluster, Deployment, Town, until
from tests.faults.posters import Ledger, Post, Poster
from tests.faults.readers import Reader
from tests.faults.sinks import Sink
from tests.people import Person


class Traffic:
    """Everybody writes into `rooms`; `readers` are opened by `listen`."""

    def __init__(self, site: Cluster | Deployment, people: Sequence[Person], rooms: Sequence[int]) -> None:
        self.site = site
        self.store: Store = site
        self.people = people
        self.rooms = list(rooms)
        self.ledger = Ledger()
        self.readers: list[Reader] = []
        self.sinks: list[Sink] = []
        self.posters = [Poster(site, person, self.ledger) for person in people]
        self.flowing: list[asyncio.Task[None]] = []
        self.stopping = asyncio.Event()

    async def listen(self, count: int, page: bool = True, narrow: bool = False) -> list[Reader]:
        """So many more windows, spread over rooms and people; all of them live when this returns."""
        first = len(self.readers)
        made = [
            Reader(self.site, self.people[n % len(self.people)], self.rooms[n % len(self.rooms)], narrow)
            for n in range(first, first + count)
        ]
        self.readers += made
        await asyncio.gather(*(reader.open(page) for reader in made))
        assert await settled(made, dict.fromkeys(self.rooms, 0)), "not all of them came in"
        return made

    async def crowd(self, count: int) -> list[Sink]:
        """So many sockets that only follow; all of them live when this returns."""
        made = [
            Sink(self.site, self.people[n % len(self.people)], self.rooms[n % len(self.rooms)]) for n in range(count)
        ]
        self.sinks += made
        await asyncio.gather(*(sink.open() for sink in made))
        assert await settled(made, dict.fromkeys(self.rooms, 0)), "not all of them came in"
        return made

    # -- writing

    async def burst(self, count: int, room: int | None = None, at_once: int = 20) -> list[Post]:
        """So many posts, in one room or all, as fast as `at_once` writers can."""
        numbers = iter(range(count))

        async def write(poster: Poster) -> list[Post]:
            return [await poster.post(room or self.rooms[number % len(self.rooms)]) for number in numbers]

        writers = [self.posters[n % len(self.posters)] for n in range(at_once)]
        return [post for posts in await asyncio.gather(*map(write, writers)) for post in posts]

    def flow(self, rate: float, changes: float = 0.1, seed: int | None = None) -> None:
        """About `rate` posts a second from now on until `ebb`; one in ten is changed or deleted afterwards."""
        dice = random.Random(seed)
        for number in range(writers := max(4, round(rate / 2))):
            poster = self.posters[number % len(self.posters)]
            self.flowing.append(asyncio.create_task(self._flow(poster, writers / rate, changes, dice)))

    async def _flow(self, poster: Poster, pause: float, changes: float, dice: random.Random) -> None:
        own: list[Post] = []
        while not self.stopping.is_set():
            started = time.monotonic()
            own.append(await poster.post(dice.choice(self.rooms)))
            if dice.random() < changes and own:
                await self._change(poster, own, dice)
            rest = dice.uniform(0.5, 1.5) * pause - (time.monotonic() - started)
            await asyncio.sleep(max(0.0, rest))

    async def _change(self, poster: Poster, own: list[Post], dice: random.Random) -> None:
        post = own.pop(dice.randrange(len(own)))
        if post.id is None or post.deleted is not False:
            return
        if dice.random() < 0.5:
            await poster.edit(post, f"{post.text}, changed")
        else:
            await poster.delete(post)

    async def posted(self, count: int) -> None:
        """Until so many more posts have been acknowledged."""
        enough = len(self.ledger.acknowledged) + count
        await until(lambda: len(self.ledger.acknowledged) >= enough, 60)

    async def ebb(self) -> None:
        """No new posts; those under way are finished."""
        self.stopping.set()
        await asyncio.gather(*self.flowing)
        self.flowing.clear()
        self.stopping.clear()

    # -- looking

    async def whole(self, within: float) -> float:
        """Seconds until every reader is live and has what was stored when this was called."""
        started = time.monotonic()
        heads = await self.store.heads(self.rooms)
        assert await settled(self.readers, heads, within), [r for r in self.readers if not r.stands_at(heads[r.room])]
        return time.monotonic() - started

    async def audit(self) -> Verdict:
        await self.ebb()
        return await audit(self.store, self.ledger, self.readers)

    async def comes_out_clean(self) -> None:
        verdict = await self.audit()
        assert verdict.clean, str(verdict)
        assert not self.ledger.abandoned, [post.answers[-3:] for post in self.ledger.abandoned]

    async def close(self) -> None:
        for task in self.flowing:
            task.cancel()
        await asyncio.gather(*self.flowing, return_exceptions=True)
        await asyncio.gather(*(reader.close() for reader in [*self.readers, *self.sinks]))
        await asyncio.gather(*(poster.close() for poster in self.posters))


@asynccontextmanager
async def traffic(
    site: Cluster | Deployment, town: Town, rooms: Sequence[int] = (), readers: int = 0
) -> AsyncIterator[Traffic]:
    """In fresh rooms unless some are given: one."""
    made = Traffic(site, town.people, rooms or [await asyncio.to_thread(town.new_room)])
    try:
        if readers:
            await made.listen(readers)
        yield made
    finally:
        await made.close()
