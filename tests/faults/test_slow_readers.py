"""Cases 35 and 41: who does not read is let go, holds nobody up, costs little, and catches up when it returns."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.audit import settled
from tests.faults.cluster import Cluster, Town, until
from tests.faults.traffic import Traffic, traffic

pytestmark = pytest.mark.anyio

AGAIN_LATER = {1013, 1006}
"""Closed by the server as too slow: by its frame, or by the end of the connection if that cannot be read any more."""
MIB = 1 << 20
PADDING = " and on" * 90
"""So that 5,000 messages are more than the kernel keeps for a reader (4 MiB), and ours after it (1 MiB)."""


async def test_case_35_a_burst_in_one_room_does_not_delay_another(cluster: Cluster, town: Town) -> None:
    """1,000 posts in room A, where one does not read: what is said in B meanwhile is seen before A's last is."""
    rooms = [await asyncio.to_thread(town.new_room) for _ in range(2)]
    crowded, quiet = rooms
    async with traffic(cluster, town, rooms, readers=8) as t, traffic(cluster, town, [crowded]) as slow:
        (stalled,) = await slow.listen(1, narrow=True)
        stalled.stall()
        burst = asyncio.create_task(t.burst(1000, crowded, at_once=24))
        said = []
        for part in (100, 400, 700):
            await until(lambda: len(t.ledger.acknowledged) >= part, 240)  # noqa: B023
            said.append(await t.posters[0].post(quiet))
        posts = await burst
        assert await settled(t.readers, await cluster.heads(rooms))
        last = max(post.id or 0 for post in posts)
        over = min(reader.seen_at[last] for reader in t.readers if reader.room == crowded)
        heard = [reader.seen_at[post.id or 0] for post in said for reader in t.readers if reader.room == quiet]
        assert len(heard) == 12
        assert max(heard) < over
        await t.comes_out_clean()
        stalled.resume()
        assert await settled([stalled], await cluster.heads([crowded]))
        slow.ledger = t.ledger
        t.readers.append(stalled)
        await t.comes_out_clean()


# -- memory


@pytest.fixture(params=["sqlite", "postgresql"])
def alone(request: pytest.FixtureRequest, tmp_path: Path, fresh_database: Callable[[], str]) -> Iterator[Cluster]:
    """One worker. SQLite keeps its pages in the worker's memory."""
    made = Cluster(tmp_path, 1, fresh_database() if request.param == "postgresql" else None)
    try:
        yield made.start()
    finally:
        made.stop()


async def test_case_41_a_reader_that_does_not_read(alone: Cluster) -> None:
    """One of 200 stalls while 5,000 posts go by. Memory is the worker's PSS (smaps_rollup), after 1,000 posts to warm
    up (threads, templates, connections), sampled while the posts flow. The bar: 8 MiB."""
    town = await asyncio.to_thread(Town, alone.workers[0].url, 10, 1)
    async with traffic(alone, town, town.rooms, readers=5) as t:
        (stalled,) = await t.listen(1, narrow=True)
        everybody = [*t.readers, *await t.crowd(194)]
        await pour(t, 1000)
        assert await settled(everybody, await alone.heads(town.rooms))
        before = memory(alone)
        stalled.stall()
        most = await highest(alone, pour(t, 5000))
        print(f"worker: {before / MIB:.1f} MiB before, at most {most / MIB:.1f} MiB during 5,000 posts")
        assert most - before < 8 * MIB
        everybody.remove(stalled)
        assert await settled(everybody, await alone.heads(town.rooms))
        assert not any(reader.codes for reader in everybody), "nobody else was closed"
        stalled.resume()
        heads = await alone.heads(town.rooms)
        assert await settled([stalled], heads), f"{stalled} of {heads}"
        assert stalled.codes, "it was let go"
        assert set(stalled.codes) <= AGAIN_LATER
        await t.comes_out_clean()


async def pour(t: Traffic, count: int) -> None:
    """Many posts soon: twenty drafts to a request, as an outbox sends that was offline."""
    room, numbers = t.rooms[0], iter(range(count // 20))

    async def write(index: int) -> None:
        for _ in numbers:
            await t.posters[index].post_outbox(room, 20, PADDING)

    await asyncio.gather(*(write(index) for index in range(len(t.posters))))


async def highest(cluster: Cluster, work: Coroutine[Any, Any, None]) -> int:
    """The most memory that the worker has while this is done."""
    task = asyncio.create_task(work)
    most = memory(cluster)
    while not task.done():
        await asyncio.wait([task], timeout=0.2)
        most = max(most, memory(cluster))
    await task
    return most


def memory(cluster: Cluster) -> int:
    """The worker's proportional share of memory, in bytes."""
    text = Path(f"/proc/{cluster.workers[0].pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:"))
