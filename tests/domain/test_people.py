"""What people show of themselves: names, about, time zones, statuses; and the count of its changes."""

import pytest

from tests.factories import SECOND, House
from webapp.domain import accounts, community, messages, people
from webapp.domain.accounts import Actor
from webapp.domain.errors import Conflict, Invalid, NotFound, SignedOut

HOUR = 3_600
BEGINNING = 1_700_000_000_000_000  # 2023-11-14T22:13:20Z


def revision(house: House) -> int:
    found = house.do(community.current)
    assert found is not None
    return int(found.people_revision)


def changed(house: House, since: int) -> dict[str, str]:
    """Names and statuses of who has changed."""
    return {face.name: face.status for face in house.do(people.changed, since, 100)}


def test_a_new_name_stands_beside_old_messages_and_is_counted_and_told(house: House) -> None:
    bea = house.member("Bea")
    first = house.post(bea, "before")
    house.events.clear()
    before = revision(house)
    house.do(people.change, bea, " Beatriz  Sousa ", "", "")
    assert house.do(messages.find, house.admin, first.id)[1].author_name == "Beatriz Sousa"
    assert house.do(accounts.authenticate, bea.session).display_name == "Beatriz Sousa"
    assert revision(house) == before + 1
    assert [event.values for event in house.events] == [{"type": "people.changed", "revision": before + 1}]
    assert changed(house, before) == {"Beatriz Sousa": ""}
    assert changed(house, before + 1) == {}


def test_what_only_the_card_shows_is_not_told(house: House) -> None:
    bea = house.member("Bea")
    house.events.clear()
    house.do(people.change, bea, "Bea", "one\r\ntwo\n", "Europe/Lisbon ")
    found = house.do(people.find, house.admin, bea.id)
    assert (found.about, found.time_zone, found.name) == ("one\ntwo", "Europe/Lisbon", "Bea")
    assert house.events == []
    house.do(people.change, bea, "Bea", "", "")
    assert house.do(people.find, house.admin, bea.id).time_zone == "", "the community's again"


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("display_name", ("", "", "")), ("display_name", ("B\u200bea", "", "")), ("display_name", ("Bea @ana", "", "")),
        ("about", ("Bea", "x" * 501, "")), ("time_zone", ("Bea", "", "Europe/Nowhere")),
    ],
)  # fmt: skip
def test_what_is_wrong_changes_nothing(house: House, field: str, values: tuple[str, str, str]) -> None:
    bea = house.member("Bea")
    with pytest.raises(Invalid) as refused:
        house.do(people.change, bea, *values)
    assert list(refused.value.fields) == [field]
    with pytest.raises(Invalid) as refused:
        house.do(people.change, bea, "", "x" * 501, "nowhere")
    assert set(refused.value.fields) == {"display_name", "about", "time_zone"}, "all that is wrong at once"
    found = house.do(people.find, bea, bea.id)
    assert (found.name, found.about, found.time_zone) == ("Bea", "", "")


def test_look_alikes_get_and_lose_their_usernames_by_a_new_name(house: House) -> None:
    bea, cid = house.member("Bea"), house.member("Cid")
    before = revision(house)
    house.do(people.change, cid, "\u0412ea", "", "")  # a Cyrillic capital
    assert changed(house, before) == {"\u0412ea @cid": "", "Bea @bea": ""}, "who was there first changes, too"
    before = revision(house)
    house.do(people.change, cid, "Cid", "", "")
    assert changed(house, before) == {"Cid": "", "Bea": ""}
    assert house.do(people.find, bea, bea.id).name == "Bea"


def test_a_sign_up_that_looks_alike_tells_of_who_was_there(house: House) -> None:
    house.member("Bea")
    before = revision(house)
    house.member("\u0412ea")
    assert changed(house, before) == {"Bea @bea": ""}


def state(house: House, actor: Actor) -> tuple[str, int | None]:
    found = house.do(people.find, house.admin, actor.id)
    now = house.do(lambda tx: tx.now)
    return people.status(found, now), found.until


def test_a_status_ends_when_it_is_read_after_its_end(house: House) -> None:
    bea = house.member("Bea")
    before = revision(house)
    house.do(people.set_status, bea, "  At  lunch ", "half-hour", "UTC")
    assert changed(house, before) == {"Bea": "At lunch"}
    assert state(house, bea)[0] == "At lunch"
    house.later(29 * 60)
    assert state(house, bea)[0] == "At lunch"
    house.later(61)
    assert state(house, bea)[0] == ""
    house.do(people.set_status, bea, "Away", "", "UTC")
    house.later(400 * 24 * HOUR)
    assert state(house, bea) == ("Away", None)
    house.do(people.set_status, bea, " ", "hour", "UTC")
    assert state(house, bea) == ("", None)


@pytest.mark.parametrize(
    ("lasting", "zone", "seconds"),
    [
        ("hour", "UTC", HOUR), ("four-hours", "UTC", 4 * HOUR), ("week", "UTC", 7 * 24 * HOUR),
        ("today", "UTC", 24 * HOUR - 22 * HOUR - 13 * 60 - 20),
        ("today", "America/New_York", 24 * HOUR - 17 * HOUR - 13 * 60 - 20),
        ("today", "Asia/Tokyo", 24 * HOUR - 7 * HOUR - 13 * 60 - 20),
    ],
)  # fmt: skip
def test_ends(lasting: str, zone: str, seconds: int) -> None:
    assert people.end(lasting, BEGINNING, zone) == BEGINNING + seconds * SECOND


def test_todays_end_is_that_of_the_persons_own_clock(house: House) -> None:
    bea = house.member("Bea")
    house.do(people.change, bea, "Bea", "", "Asia/Tokyo")
    house.do(people.set_status, bea, "Today", "today", "UTC")
    _, until = state(house, bea)
    assert until is not None
    assert (until // SECOND + 9 * HOUR) % (24 * HOUR) == 0


def test_a_status_is_short_and_its_end_one_of_the_list(house: House) -> None:
    bea = house.member("Bea")
    for text, lasting, field in (("x" * 81, "hour", "status"), ("here", "forever", "lasting")):
        with pytest.raises(Invalid) as refused:
            house.do(people.set_status, bea, text, lasting, "UTC")
        assert list(refused.value.fields) == [field]
    assert state(house, bea) == ("", None)


def test_faces_are_read_by_number(house: House) -> None:
    bea, cid = house.member("Bea"), house.member("Cid")
    house.do(people.set_status, cid, "Here", "", "UTC")
    found = house.do(people.faces, [bea.id, cid.id, 999])
    assert {face.name: face.status for face in found} == {"Bea": "", "Cid": "Here"}
    with pytest.raises(NotFound):
        house.do(people.find, bea, 999)


def test_a_new_password_ends_all_other_sessions_and_says_so_to_their_sockets(house: House) -> None:
    bea = house.member("Bea")
    others = [house.sign_in(bea.id) for _ in range(3)]
    house.events.clear()
    before = house.do(community.current).revocations
    assert house.do(accounts.set_password, bea.id, "hash", "new hash", bea.session) == 3
    assert house.do(accounts.password_of, "bea") == (bea.id, "new hash")
    assert {event.values["session"] for event in house.events} == {each.session for each in others}
    assert {event.values["type"] for event in house.events} == {"sessions.ended"}
    assert house.do(community.current).revocations == before + 3
    assert house.do(accounts.authenticate, bea.session).id == bea.id
    for each in others:
        with pytest.raises(SignedOut):
            house.do(accounts.authenticate, each.session)


def test_of_two_new_passwords_at_once_the_second_is_told(house: House) -> None:
    bea = house.member("Bea")
    house.do(accounts.set_password, bea.id, "hash", "first", bea.session)
    with pytest.raises(Conflict):
        house.do(accounts.set_password, bea.id, "hash", "second", bea.session)
    assert house.do(accounts.password_of, "bea") == (bea.id, "first")
