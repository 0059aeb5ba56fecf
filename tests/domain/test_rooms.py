"""A room's name, topic and visibility are changes of its log."""

import pytest

from tests.factories import House
from webapp.domain import history, rooms
from webapp.domain.errors import Forbidden, Invalid
from webapp.domain.rooms import Facts


def changed(house: House, since: int) -> Facts | None:
    found: Facts | None = house.do(history.changes, house.room, since).room
    return found


def test_case_55_a_change_of_a_room_takes_its_next_revision(house: House) -> None:
    house.post(house.admin, "before")
    facts = house.do(rooms.change, house.admin, house.room, " Garden ", "What grows", "open")
    assert facts == Facts(house.room, "Garden", "What grows", "open", "Casa", 2)
    assert house.post(house.admin, "after").revision == 3
    told = [(event.values["type"], event.values["revision"]) for event in house.events[-3:]]
    assert told == [("messages.changed", 1), ("rooms.changed", 2), ("messages.changed", 3)]
    assert house.do(rooms.heads, [house.room]) == {house.room: 3}


def test_case_55_it_is_told_to_who_stands_before_it(house: House) -> None:
    house.post(house.admin, "before")
    assert changed(house, 0) is None, "as it was made"
    facts = house.do(rooms.change, house.admin, house.room, "Garden", "", "closed")
    house.post(house.admin, "after")
    assert [changed(house, since) for since in (0, 1, 2, 3)] == [facts, facts, None, None]
    changes = house.do(history.changes, house.room, 0)
    assert {each.id: each.revision for each in changes.all} == {1: 1, 0: 2, 2: 3}


def test_case_55_a_page_that_is_put_anew_has_the_room_with_it(house: House) -> None:
    """Always: nobody knows what it shows."""
    assert changed(house, 10**6) == Facts(house.room, "General", "", "open", "Casa", 0)
    house.do(rooms.change, house.admin, house.room, "Garden", "", "open")
    for number in range(history.WINDOW + 1):
        house.post(house.admin, f"m{number}")
    behind, seen = (house.do(history.changes, house.room, since) for since in (0, 1))
    assert behind.reset
    assert seen.reset
    assert (behind.room.name, seen.room.name) == ("Garden", "Garden")


def test_a_change_that_is_refused_takes_no_revision(house: House) -> None:
    bea = house.member("Bea")
    with pytest.raises(Forbidden):
        house.do(rooms.change, bea, house.room, "Garden", "", "open")
    with pytest.raises(Invalid):
        house.do(rooms.change, house.admin, house.room, "", "", "open")
    assert house.do(rooms.heads, [house.room]) == {house.room: 0}


def test_a_room_that_is_gone_has_no_changes(house: House) -> None:
    changes = house.do(history.changes, 999, 7)
    assert (changes.head, changes.all, changes.reset) == (7, [], False)
