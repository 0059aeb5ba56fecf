"""Few hashes at once, and a short queue for them in which a crowd does not stand before others."""

import asyncio
import time
from collections import Counter

import pytest

from webapp.domain.errors import Busy
from webapp.services.passwords import Caller, Passwords, fits, fitting_nothing, hasher

pytestmark = pytest.mark.anyio
LONG_ENOUGH = 60.0
CROWD = ("203.0.113.0/24", "203.0.113.9/32")


class Door:
    """Callers of one `Passwords`, and in which order they were served."""

    def __init__(self, waiting: int = 32, patience: float = LONG_ENOUGH) -> None:
        self.passwords = Passwords(threads=1, waiting=waiting, patience=patience)
        self.served: list[str] = []
        self.sent_away: list[str] = []

    def comes(self, name: str, *groups: str, familiar: bool = False) -> "asyncio.Task[None]":
        return asyncio.create_task(self._serve(name, Caller(groups or (name,), familiar)))

    async def _serve(self, name: str, caller: Caller) -> None:
        try:
            await self.passwords.hash(caller, "password")
        except Busy:
            self.sent_away.append(name)
        else:
            self.served.append(name)

    def is_clean(self) -> bool:
        held = self.passwords
        return (held.waiting, held.running, held.crowds) == ([], [], Counter())


async def test_who_is_alone_goes_before_a_crowd_and_a_full_queue_sends_the_crowd_away() -> None:
    door = Door(waiting=4)
    crowd = [door.comes(f"crowd {number}", *CROWD, f"name {number}") for number in range(5)]
    await asyncio.sleep(0)
    assert [len(door.passwords.running), len(door.passwords.waiting)] == [1, 4]
    alone = door.comes("alone", "192.0.2.0/24", "192.0.2.1/32", "ana")
    await asyncio.gather(*crowd, alone)
    assert door.sent_away == ["crowd 1"], "the one that had waited longest"
    assert door.served == ["crowd 0", "alone", "crowd 4", "crowd 3", "crowd 2"]
    assert door.is_clean()


async def test_a_crowd_for_one_name_and_many_neighbours_are_crowds_too() -> None:
    door = Door()
    first = door.comes("first", "elsewhere")
    name = [door.comes(f"name {number}", "site", "network", "ana") for number in range(2)]
    neighbours = [door.comes(f"neighbour {number}", "other site", f"network {number}", "x") for number in range(4)]
    others = door.comes("other name", "site", "network", "bea")
    await asyncio.gather(first, *name, *neighbours, others)
    assert door.served[:3] == ["first", "other name", "name 1"]
    assert door.is_clean()


async def test_a_familiar_browser_goes_first_unless_it_asks_many_times_at_once() -> None:
    door = Door()
    first = door.comes("first")
    alone = door.comes("alone")
    greedy = [door.comes(f"greedy {number}", "browser 1", familiar=True) for number in range(2)]
    owner = door.comes("owner", *CROWD, "browser 2", familiar=True)
    crowd = [door.comes(f"crowd {number}", *CROWD, f"name {number}") for number in range(2)]
    await asyncio.gather(first, alone, *greedy, owner, *crowd)
    assert door.served[:3] == ["first", "owner", "alone"]
    assert door.is_clean()


async def test_nobody_waits_longer_than_the_patience() -> None:
    door = Door(patience=0.0)
    await asyncio.gather(*(door.comes(str(number)) for number in range(20)))
    assert door.served == ["0"]
    assert len(door.sent_away) == 19
    assert door.is_clean()


async def test_who_goes_away_leaves_the_queue_and_a_hash_that_runs_keeps_its_thread() -> None:
    door = Door()
    running, waiting, next_one = door.comes("running"), door.comes("waiting"), door.comes("next", "nobody", "else")
    await asyncio.sleep(0)
    for task in (running, waiting):
        task.cancel()
    await asyncio.gather(running, waiting, return_exceptions=True)
    assert len(door.passwords.running) == 1, "its thread is not free yet"
    assert [turn.caller.groups for turn in door.passwords.waiting] == [("nobody", "else")]
    await next_one
    assert door.served == ["next"]
    assert door.is_clean()


async def test_nobodys_hash_is_as_slow_as_somebodys_and_fits_nothing() -> None:
    held, caller = Passwords(), Caller(("a",))
    somebodys = hasher().hash("password")
    assert await held.verify(caller, somebodys, "password")
    assert not await held.verify(caller, None, "password")
    assert not await held.verify(caller, "damaged", "password")
    costs: dict[str, list[float]] = {somebodys: [], fitting_nothing(hasher()): []}
    for hashed in list(costs) * 5:
        begun = time.process_time()
        assert not fits(hashed, "wrong password")
        costs[hashed].append(time.process_time() - begun)
    slow, other = (min(each) for each in costs.values())
    assert 0.5 < slow / other < 2
