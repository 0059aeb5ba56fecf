"""Doors of rooms, and what ends when somebody goes."""

import pytest

from tests.factories import House
from webapp.domain import community, memberships, rooms
from webapp.domain.errors import Conflict, Forbidden, Invalid, NotFound


def test_a_closed_room_is_not_there_for_who_is_not_in_it(house: House) -> None:
    bea = house.person("Bea")
    closed = house.do(rooms.create, house.ana, "Closed", "", "closed")
    for verb in (memberships.enter, memberships.require, memberships.join, memberships.leave, memberships.members):
        with pytest.raises(NotFound):
            house.do(verb, bea, closed)
    assert [listing.room.name for listing in house.do(rooms.directory, bea)] == ["General"]
    assert [listing.room.name for listing in house.do(rooms.directory, house.admin)] == ["Closed", "General"]


def test_an_open_room_is_seen_and_joined_but_not_read_before(house: House) -> None:
    bea = house.person("Bea")
    assert house.do(memberships.enter, bea, house.room).role is None
    with pytest.raises(NotFound):
        house.do(memberships.require, bea, house.room)
    house.do(memberships.join, bea, house.room)
    house.do(memberships.join, bea, house.room)
    assert house.do(memberships.require, bea, house.room).role == "member"
    listing = house.do(rooms.directory, bea)[0]
    assert (listing.members, listing.role) == (2, "member")


def test_owners_let_in_and_out(house: House) -> None:
    bea, carl = house.person("Bea"), house.person("Carl")
    closed = house.do(rooms.create, house.ana, "Closed", "", "closed")
    house.do(memberships.add, house.admin, closed, "BEA ", "member")
    with pytest.raises(Conflict):
        house.do(memberships.add, house.admin, closed, "bea", "member")
    with pytest.raises(Invalid):
        house.do(memberships.add, house.admin, closed, "nobody", "member")
    with pytest.raises(Forbidden):
        house.do(memberships.add, bea, closed, "carl", "member")
    with pytest.raises(NotFound):
        house.do(memberships.add, carl, closed, "carl", "member")
    before = house.do(community.current).revocations
    house.do(memberships.remove, house.admin, closed, bea.id)
    assert house.events[-1].group == "doors"
    assert house.events[-1].values == {"type": "memberships.ended", "user": bea.id, "room": closed}
    assert house.do(community.current).revocations == before + 1
    with pytest.raises(NotFound):
        house.do(memberships.require, bea, closed)


def test_a_room_is_never_without_an_owner_while_people_are_in_it(house: House) -> None:
    bea, carl = house.member("Bea"), house.member("Carl")
    house.do(memberships.leave, house.admin, house.room)
    assert house.do(memberships.require, bea, house.room).role == "owner"
    assert house.do(memberships.require, carl, house.room).role == "member"


def test_only_owners_and_admins_change_a_room(house: House) -> None:
    bea = house.member("Bea")
    with pytest.raises(Forbidden):
        house.do(rooms.change, bea, house.room, "Mine", "", "open")
    house.do(rooms.change, house.admin, house.room, "Lobby", "new", "open")
    assert house.events[-1].values["name"] == "Lobby"
    with pytest.raises(Invalid) as refused:
        house.do(rooms.change, house.admin, house.room, " ", "t" * 201, "ajar")
    assert set(refused.value.fields) == {"name", "topic", "visibility"}


def test_nobody_is_put_into_more_rooms_than_a_page_can_list(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memberships, "MOST_ROOMS", 3)
    bea = house.member("Bea")
    mine = [house.do(rooms.create, house.ana, f"Room {number}", "", "open") for number in range(2)]
    with pytest.raises(Invalid, match="You are in 3 rooms"):
        house.do(rooms.create, house.ana, "One more", "", "open")
    for room in mine:
        house.do(memberships.add, house.admin, room, "bea", "member")
    others = house.person("Carl")
    theirs = house.do(rooms.create, others.id, "Carl's", "", "open")
    with pytest.raises(Invalid) as refused:
        house.do(memberships.add, others, theirs, "bea", "member")
    assert "Bea is in 3 rooms" in refused.value.fields["username"]
    with pytest.raises(Invalid, match="Leave one of them first"):
        house.do(memberships.join, bea, theirs)
    house.do(memberships.leave, bea, mine[0])
    house.do(memberships.join, bea, theirs)
