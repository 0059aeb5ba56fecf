"""The room's log: revisions, tombstones, idempotency, and how a message looks."""

from dataclasses import replace

import pytest

from tests.factories import House
from webapp.domain import history, memberships, messages, rooms
from webapp.domain.errors import Forbidden, Invalid, NotFound
from webapp.domain.messages import AnotherText, Draft, Repeated


def head(house: House) -> int:
    return house.do(rooms.heads, [house.room])[house.room]


def test_each_change_takes_the_next_revision(house: House) -> None:
    first = house.post(house.admin, "one")
    second = house.post(house.admin, "two")
    edited = house.do(messages.change, house.admin, first.id, "uno", "<p>uno</p>")
    gone = house.do(messages.remove, house.admin, second.id)
    assert [first.revision, second.revision, edited.revision, gone.revision] == [1, 2, 3, 4]
    assert head(house) == 4
    assert (edited.posted_revision, edited.html) == (1, "<p>uno</p>")
    assert [event.values["revision"] for event in house.events if event.values["type"] == "messages.changed"] == [
        1, 2, 3, 4,
    ]  # fmt: skip


def test_a_key_makes_one_message(house: House) -> None:
    first = house.post(house.admin, "once", key="the-same-key")
    with pytest.raises(Repeated):
        house.post(house.admin, "twice", key="the-same-key")
    again = Draft("the-same-key", "once", "")
    assert house.do(messages.repeated, house.admin, house.room, again).id == first.id
    with pytest.raises(AnotherText):
        house.do(messages.repeated, house.admin, house.room, replace(again, body="twice"))
    assert head(house) == 1, "the refused one left no revision behind"
    bea = house.member("Bea")
    assert house.post(bea, "mine", key="the-same-key").id != first.id, "another person's key is another key"


def test_a_key_used_in_another_room_is_not_shown_there(house: House) -> None:
    other = house.do(rooms.create, house.ana, "Other", "", "closed")
    house.post(house.admin, "here", key="one-key-two-rooms", room_id=other)
    with pytest.raises(NotFound):
        house.do(messages.repeated, house.admin, house.room, Draft("one-key-two-rooms", "here", ""))


def test_a_tombstone_keeps_its_row_and_loses_its_text(house: House) -> None:
    message = house.post(house.admin, "secret")
    house.do(messages.remove, house.admin, message.id)
    changes = house.do(history.changes, house.room, 0)
    assert [(each.id, each.html, each.deleted_at is None) for each in changes.messages] == [(message.id, "", False)]
    with pytest.raises(NotFound):
        house.do(messages.find, house.admin, message.id)
    with pytest.raises(NotFound):
        house.do(messages.remove, house.admin, message.id)


def test_one_authors_messages_are_grouped(house: House) -> None:
    bea = house.member("Bea")
    looks = []
    for actor, pause in ((house.admin, 0), (house.admin, 60), (bea, 1), (house.admin, 1), (house.admin, 301)):
        house.later(pause)
        looks.append(house.post(actor, "hm").continues)
    assert looks == [False, True, False, False, False]


def test_a_day_is_opened_once(house: House) -> None:
    assert house.post(house.admin, "first").opens_day
    house.later(86_400)
    assert house.post(house.admin, "next day").opens_day
    again = house.post(house.admin, "same day")
    assert not again.opens_day
    assert again.continues


def test_what_a_deleted_message_showed_passes_to_the_next(house: House) -> None:
    first, second, third = (house.post(house.admin, text) for text in ("a", "b", "c"))
    assert (second.continues, third.continues) == (True, True)
    gone = house.do(messages.remove, house.admin, first.id)
    shown = house.do(history.newest, house.room).messages
    assert [(each.id, each.continues, each.opens_day) for each in shown] == [
        (second.id, False, True), (third.id, True, False),
    ]  # fmt: skip
    assert [values["id"] for values in house.events[-1].values["messages"]] == [first.id, second.id]
    assert shown[0].revision == gone.revision, "who was away is told of the heir as well"


def test_after_the_newest_is_deleted_the_next_one_is_whole(house: House) -> None:
    bea = house.member("Bea")
    house.post(house.admin, "a")
    gone = house.post(bea, "b")
    house.do(messages.remove, bea, gone.id)
    assert not house.post(bea, "c").continues, "its author's name is not shown by anything above it"
    alone = house.do(rooms.create, house.ana, "Alone", "", "open")
    only = house.post(house.admin, "x", room_id=alone)
    house.do(messages.remove, house.admin, only.id)
    assert house.post(house.admin, "y", room_id=alone).opens_day


def test_who_may_change_what(house: House) -> None:
    bea, carl = house.member("Bea"), house.member("Carl")
    message = house.post(bea, "mine")
    for actor in (carl, house.admin):
        with pytest.raises(Forbidden):
            house.do(messages.change, actor, message.id, "x", "x")
    with pytest.raises(Forbidden):
        house.do(messages.remove, carl, message.id)
    house.do(messages.remove, house.admin, message.id)


def test_another_rooms_message_is_not_there(house: House) -> None:
    bea = house.member("Bea")
    closed = house.do(rooms.create, house.ana, "Closed", "", "closed")
    message = house.post(house.admin, "inside", room_id=closed)
    for verb, *more in ((messages.find,), (messages.remove,), (messages.change, "x", "x"), (messages.source,)):
        with pytest.raises(NotFound):
            house.do(verb, bea, message.id, *more)
    with pytest.raises(NotFound):
        house.post(bea, "let me in", room_id=closed)
    house.do(memberships.leave, bea, house.room)
    with pytest.raises(NotFound):
        house.post(bea, "still here?")


def test_history_is_paged_both_ways(house: House) -> None:
    ids = [house.post(house.admin, str(number)).id for number in range(7)]
    house.do(messages.remove, house.admin, ids[3])
    shown = [each for each in ids if each != ids[3]]

    def page(where: dict[str, int]) -> tuple[list[int], bool, bool]:
        found = house.do(history.page, house.room, where)
        return [message.id for message in found.messages], found.older, found.newer

    assert page({}) == (shown, False, False)
    assert page({"before": ids[4]}) == (ids[:3], False, True)
    assert page({"after": ids[2]}) == (ids[4:], True, False)
    assert page({"around": ids[4]}) == (shown, False, False)
    with pytest.raises(NotFound):
        page({"around": ids[3]})
    few = house.do(history.newest, house.room, 2)
    assert ([message.id for message in few.messages], few.older) == (ids[5:], True)


def test_changes_tell_everything_since_a_revision(house: House) -> None:
    ids = [house.post(house.admin, str(number)).id for number in range(3)]
    house.do(messages.change, house.admin, ids[0], "edited", "edited")
    changes = house.do(history.changes, house.room, 2)
    assert (changes.head, changes.reset, [message.id for message in changes.messages]) == (4, False, [ids[0], ids[2]])
    assert house.do(history.changes, house.room, 4).messages == []


def test_too_much_missed_or_an_unknown_log_gives_the_newest_page(house: House) -> None:
    ids = [house.post(house.admin, str(number)).id for number in range(history.WINDOW + 1)]
    far = house.do(history.changes, house.room, 0)
    assert (far.reset, far.older, far.head) == (True, True, len(ids))
    assert [message.id for message in far.messages] == ids[-history.PAGE :]
    assert not house.do(history.changes, house.room, 1).reset
    assert house.do(history.changes, house.room, 10**6).reset, "a cursor ahead of the log is of another log"


@pytest.mark.parametrize("body", ["", "   \n\t ", "\x00"])
def test_an_empty_body_is_refused(body: str) -> None:
    with pytest.raises(Invalid):
        messages.check_body(body, 10)


def test_bodies_are_kept_as_typed_but_for_their_ends() -> None:
    assert messages.check_body("\r\n \n    code\r\nmore  \n\n", 100) == "    code\nmore"
    with pytest.raises(Invalid) as refused:
        messages.check_body("x" * 8_001, 8_000)
    assert "8,000" in refused.value.text
    assert "8,001" in refused.value.text
