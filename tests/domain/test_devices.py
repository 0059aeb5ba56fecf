"""Where somebody is signed in: shown in words, ended by whom it belongs to."""

import pytest

from tests.factories import House
from webapp.domain import accounts, devices
from webapp.domain.accounts import ABSOLUTE, Browser
from webapp.domain.errors import NotFound, SignedOut

LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15"  # noqa: E501
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0"  # noqa: E501
PHONE = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0 Mobile Safari/537.36"
)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/124.0 Mobile/15E148 Safari/604.1"  # noqa: E501


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (LINUX, "Firefox on Linux"), (MAC, "Safari on macOS"), (EDGE, "Edge on Windows"), (PHONE, "Chrome on Android"),
        (IPHONE, "Chrome on iPhone"), ("curl/8.5.0", "curl/8.5.0"), ("<b>bot</b>", "<b>bot</b>"),
        ("Firefox/1", "Firefox"), ("", "An unknown device"), ("  ", "An unknown device"),
    ],
)  # fmt: skip
def test_devices_in_words(agent: str, words: str) -> None:
    assert devices.name_of(agent) == words


def test_own_devices_are_listed_this_one_first(house: House) -> None:
    bea = house.member("Bea")
    house.later(7_200)
    house.do(accounts.start_session, bea.id, Browser("another", "203.0.113.9", LINUX), None)
    house.member("Cid")
    found = house.do(devices.own, bea)
    assert [(each.name, each.address, each.here) for each in found] == [
        ("test", "127.0.0.1", True), ("Firefox on Linux", "203.0.113.9", False)
    ]  # fmt: skip
    assert found[1].seen_at > found[0].seen_at
    assert not {bea.session, "another"} & {each.id for each in found}, "the hash stays in the database"


def test_a_session_that_is_over_is_not_listed(house: House) -> None:
    bea = house.member("Bea")
    house.later(ABSOLUTE / 1e6 - 10)
    late = house.sign_in(bea.id)
    house.later(20)
    assert len(house.do(devices.own, late)) == 1


def test_nobody_ends_somebody_elses(house: House) -> None:
    bea, cid = house.member("Bea"), house.member("Cid")
    other = house.sign_in(bea.id)
    theirs = devices.id_of(other.session)
    for actor, device in ((cid, theirs), (house.admin, theirs), (bea, "0"), (bea, other.session)):
        with pytest.raises(NotFound):
            house.do(devices.end, actor, device)
    assert house.do(accounts.authenticate, other.session).id == bea.id
    house.events.clear()
    assert house.do(devices.end, bea, theirs) is True
    assert [event.values["session"] for event in house.events] == [other.session]
    with pytest.raises(SignedOut):
        house.do(accounts.authenticate, other.session)
    assert house.do(devices.end, bea, devices.id_of(bea.session)) is False, "it signs itself out"


def test_all_others_end_at_once(house: House) -> None:
    bea, cid = house.member("Bea"), house.member("Cid")
    for _ in range(3):
        house.sign_in(bea.id)
    assert house.do(devices.end_others, bea) == 3
    assert len(house.do(devices.own, bea)) == 1
    assert len(house.do(devices.own, cid)) == 1
