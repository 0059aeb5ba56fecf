"""Who is here in whatever room: counted in this process, told by the others, forgotten when they tell no more."""

import pytest

from webapp.domain.events import Event
from webapp.services.here import AT_ONCE, FORGOTTEN_SECONDS, MOST_PROCESSES, Here
from webapp.services.leases import MemoryLeases, Person, Place
from webapp.services.presence import Presence

pytestmark = pytest.mark.anyio


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def made(clock: Clock, process: str) -> Here:
    return Here(Presence(MemoryLeases(), lambda events: None, grace=0), process, clock)


def carry(told: list[Event], *others: Here) -> None:
    for event in told:
        for each in others:
            each.hear(event.values["process"], event.values["part"], event.values["users"])


async def test_whoever_has_a_room_open_is_here_until_the_last_is_closed() -> None:
    here = made(Clock(), "one")
    places = [Place(room, Person(7, "Ana")) for room in (1, 1, 2)]
    for place in places:
        await here.presence.arrive(place)
    for place in places:
        assert 7 in here
        await here.presence.depart(place)
    assert 7 not in here
    assert not here.presence.people


async def test_another_process_tells_and_is_forgotten_when_it_tells_no_more() -> None:
    clock = Clock()
    one, two = made(clock, "one"), made(clock, "two")
    await one.presence.arrive(place := Place(1, Person(7, "Ana")))
    carry(one.events(), one, two)
    assert 7 in two and 8 not in two
    assert one.told == {}, "its own it knows better"
    await one.presence.depart(place)
    carry(one.events(), two)
    assert 7 not in two, "told that nobody is there any more"
    await one.presence.arrive(place)
    carry(one.events(), two)
    clock.now += FORGOTTEN_SECONDS
    assert 7 not in two, "it may have crashed"


async def test_many_people_are_told_in_parts_and_of_bounded_many_processes() -> None:
    clock = Clock()
    one, two = made(clock, "one"), made(clock, "two")
    for number in range(AT_ONCE + 5):
        await one.presence.arrive(Place(1, Person(number, "Somebody")))
    told = one.events()
    assert [len(event.values["users"]) for event in told] == [AT_ONCE, 5]
    carry(told, two)
    assert AT_ONCE + 4 in two and 0 in two
    for number in range(2 * MOST_PROCESSES):
        two.hear(f"process-{number}", 0, [10**6 + number])
    assert len(two.told) == MOST_PROCESSES
    clock.now += FORGOTTEN_SECONDS
    two.hear("process-new", 0, [42])
    assert 42 in two and len(two.told) == 1
