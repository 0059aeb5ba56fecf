"""One-time links to set a new password."""

import pytest

from tests.factories import House
from webapp.domain import accounts, resets
from webapp.domain.errors import Forbidden, NotFound, SignedOut

DAY_SECONDS = 86_400


def refusal(house: House, reset_id: int | None) -> str:
    with pytest.raises(NotFound) as refused:
        house.do(resets.check, reset_id)
    return refused.value.text


def test_a_link_works_once_and_ends_all_sessions(house: House) -> None:
    bea = house.member("Bea")
    elsewhere = house.sign_in(bea.id)
    reset = house.do(resets.make, house.admin, bea.id)
    assert house.do(resets.check, reset).username == "bea"
    house.events.clear()
    assert house.do(resets.use, reset, "new hash") == bea.id
    assert house.do(accounts.password_of, "bea") == (bea.id, "new hash")
    assert {event.values["session"] for event in house.events} == {bea.session, elsewhere.session}
    with pytest.raises(SignedOut):
        house.do(accounts.authenticate, bea.session)
    assert refusal(house, reset) == resets.USED
    with pytest.raises(NotFound):
        house.do(resets.use, reset, "third hash")
    assert house.do(accounts.password_of, "bea") == (bea.id, "new hash")


def test_a_link_lasts_a_day_and_a_newer_one_ends_it(house: House) -> None:
    bea, cid = house.member("Bea"), house.member("Cid")
    first = house.do(resets.make, house.admin, bea.id)
    other = house.do(resets.make, house.admin, cid.id)
    second = house.do(resets.make, house.admin, bea.id)
    assert refusal(house, first) == resets.REPLACED
    house.later(DAY_SECONDS - 1)
    assert house.do(resets.check, second).id == second
    assert house.do(resets.check, other).id == other
    house.later(2)
    assert refusal(house, second) == resets.OVER
    assert refusal(house, None) == refusal(house, 999) == resets.WRONG


def test_a_changed_password_ends_the_link(house: House) -> None:
    bea = house.member("Bea")
    reset = house.do(resets.make, house.admin, bea.id)
    house.do(resets.end, bea.id)
    assert refusal(house, reset) == resets.OVER


def test_only_admins_make_links_and_none_for_admins(house: House) -> None:
    bea, cid = house.member("Bea"), house.member("Cid")
    for verb, more in ((resets.make, (cid.id,)), (resets.make, (bea.id,)), (resets.everybody, ("",))):
        with pytest.raises(Forbidden):
            house.do(verb, bea, *more)
    with pytest.raises(Forbidden) as refused:
        house.do(resets.make, house.admin, house.ana)
    assert "reset-password" in refused.value.text
    with pytest.raises(NotFound):
        house.do(resets.make, house.admin, 999)
    assert house.do(resets.check, house.do(resets.make_for, " Ana ")).user_id == house.ana
    with pytest.raises(NotFound):
        house.do(resets.make_for, "nobody")


def test_the_list_finds_people_by_name_and_shows_their_links(house: House) -> None:
    bea = house.member("Bea")
    house.member("Cid")
    reset = house.do(resets.make, house.admin, bea.id)
    listed = house.do(resets.everybody, house.admin, "")
    assert [(each.person.username, each.reset.id if each.reset else None) for each in listed] == [
        ("ana", None), ("bea", reset), ("cid", None)
    ]  # fmt: skip
    assert [each.person.username for each in house.do(resets.everybody, house.admin, " LIM")] == ["ana"]
    assert house.do(resets.everybody, house.admin, "%") == []
