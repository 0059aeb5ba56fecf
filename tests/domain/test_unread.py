"""What is unread for whom: a position in the room's log, on both databases."""

import pytest

from tests.factories import House
from webapp.domain import memberships, messages, unread
from webapp.domain.accounts import Actor
from webapp.domain.errors import NotFound
from webapp.domain.unread import Mark


def is_unread(house: House, actor: Actor, room_id: int | None = None) -> bool:
    return {room.id: room.unread for room in house.do(memberships.mine, actor)}[room_id or house.room]


def test_a_room_is_unread_for_others_from_a_post_until_they_read(house: House) -> None:
    bea, cid = house.member("Bea"), house.member("Cid")
    assert not is_unread(house, bea)
    post = house.post(bea, "hello")
    assert [is_unread(house, each) for each in (house.admin, bea, cid)] == [True, False, True]
    assert house.do(unread.mark, cid, house.room, 10**6) == post.revision, "never beyond the room's head"
    assert [is_unread(house, each) for each in (house.admin, bea, cid)] == [True, False, False]
    house.post(cid, "and you?")
    assert [is_unread(house, each) for each in (house.admin, bea, cid)] == [True, True, False]


def test_what_was_said_before_somebody_joined_counts_as_read(house: House) -> None:
    house.post(house.admin, "before")
    bea = house.member("Bea")
    assert not is_unread(house, bea)
    house.post(house.admin, "after")
    assert is_unread(house, bea)


def test_an_edit_makes_nothing_unread_and_a_deletion_takes_it_away(house: House) -> None:
    bea = house.member("Bea")
    first = house.post(house.admin, "one")
    house.do(unread.mark, bea, house.room, first.revision)
    house.do(messages.change, house.admin, first.id, "1", "<p>1</p>")
    assert not is_unread(house, bea)
    second = house.post(house.admin, "two")
    assert is_unread(house, bea)
    house.do(messages.remove, house.admin, second.id)
    assert not is_unread(house, bea)
    house.do(messages.remove, house.admin, first.id)
    assert not is_unread(house, bea)


def test_a_mark_never_goes_back_and_is_nothing_to_who_is_no_member(house: House) -> None:
    bea, cid = house.member("Bea"), house.person("Cid")
    posts = [house.post(house.admin, "x") for _ in range(3)]
    marks = [Mark(house.room, bea.id, posts[2].revision), Mark(house.room, cid.id, 2), Mark(10**6, bea.id, 2)]
    house.do(unread.mark_all, marks)
    house.do(unread.mark_all, [Mark(house.room, bea.id, posts[0].revision)])
    assert not is_unread(house, bea)
    assert [state.user_id for state in house.do(unread.states, [bea.id, cid.id])] == [bea.id]
    with pytest.raises(NotFound):
        house.do(unread.mark, cid, house.room, 1)


def test_unread_from_here_also_where_one_posted_last(house: House) -> None:
    bea = house.member("Bea")
    first, second = house.post(house.admin, "one"), house.post(bea, "two")
    house.do(unread.mark, bea, house.room, second.revision)
    assert house.do(unread.find_first, bea, house.room, 2) is None
    assert house.do(unread.hold, bea, first.id).room_id == house.room
    assert is_unread(house, bea)
    assert house.do(unread.find_first, bea, house.room, first.revision - 1) == first.id
    house.do(unread.mark, bea, house.room, second.revision)
    assert not is_unread(house, bea)
    cid = house.person("Cid")
    with pytest.raises(NotFound):
        house.do(unread.hold, cid, first.id)
    with pytest.raises(NotFound):
        house.do(unread.find_first, cid, house.room, 0)


def test_where_one_stopped_is_found_past_edits_and_deletions(house: House) -> None:
    bea = house.member("Bea")
    old = house.post(house.admin, "old")
    house.do(unread.mark, bea, house.room, old.revision)
    gone, first, _ = (house.post(house.admin, each) for each in ("gone", "first", "last"))
    house.do(messages.change, house.admin, old.id, "changed", "<p>changed</p>")
    house.do(messages.remove, house.admin, gone.id)
    assert house.do(unread.find_first, bea, house.room, old.revision) == first.id


def test_the_sweep_asks_for_what_was_posted_since(house: House) -> None:
    post = house.post(house.admin, "x")
    found, _ = house.do(unread.news_since, post.created_at - 1)
    assert [(each.room_id, each.revision, each.author_id) for each in found] == [(house.room, 1, house.ana)]
    assert house.do(unread.news_since, post.created_at) == ([], {})


def test_who_hears_what(house: House) -> None:
    bea = house.member("Bea")
    house.bell.clear()
    post = house.post(house.admin, "x")
    house.do(unread.mark, bea, house.room, post.revision)
    house.do(unread.hold, bea, post.id)
    bell = [event.values for event in house.bell]
    assert bell == [
        {"type": "rooms.posted", "room": house.room, "revision": 1, "posts": [[house.ana, 1]]},
        {"type": "people.read", "room": house.room, "revision": 1, "users": [bea.id]},
        {"type": "people.held", "room": house.room, "revision": 0, "user": bea.id},
    ]
