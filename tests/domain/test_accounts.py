"""People, invitations and sessions."""

import pytest

from tests.factories import House
from webapp.domain import accounts, invitations, names
from webapp.domain.accounts import ABSOLUTE, IDLE, Browser, Newcomer
from webapp.domain.errors import Conflict, Forbidden, Invalid, NotFound, SignedOut

DAY_SECONDS = 86_400


def test_there_is_one_first_run(house: House) -> None:
    with pytest.raises(Conflict):
        house.do(accounts.set_up, "Other", "UTC", Newcomer("eve", "Eve", "hash"))
    assert house.do(accounts.password_of, "eve") is None


def test_an_invitation_has_uses_an_end_and_can_be_revoked(house: House) -> None:
    def come(invitation: int, name: str) -> int:
        return house.do(accounts.sign_up, invitation, Newcomer(name, name, "hash"))

    twice = house.do(invitations.make, house.admin, 2, 1)
    come(twice, "bea")
    with pytest.raises(Invalid):
        come(twice, "bea")
    come(twice, "carl")
    with pytest.raises(NotFound):
        come(twice, "dora")
    revoked = house.do(invitations.make, house.admin, 1, 1)
    house.do(invitations.revoke, house.admin, revoked)
    with pytest.raises(NotFound):
        come(revoked, "dora")
    over = house.do(invitations.make, house.admin, 1, 1)
    house.later(DAY_SECONDS + 1)
    with pytest.raises(NotFound):
        come(over, "dora")
    assert [shown.state for shown in house.do(invitations.newest, house.admin)] == ["over", "revoked", "used up"]


def test_a_refused_sign_up_uses_nothing_up(house: House) -> None:
    once = house.do(invitations.make, house.admin, 1, 1)
    with pytest.raises(Invalid):
        house.do(accounts.sign_up, once, Newcomer("ana", "Another Ana", "hash"))
    assert house.do(invitations.check, once) == once


def test_only_admins_invite(house: House) -> None:
    bea = house.person("Bea")
    for verb, more in ((invitations.make, (1, 1)), (invitations.newest, ()), (invitations.revoke, (1,))):
        with pytest.raises(Forbidden):
            house.do(verb, bea, *more)
    for uses, days in ((0, 1), (-1, 1), (1, None), (1, 366), (None, 1)):
        with pytest.raises(Invalid):
            house.do(invitations.make, house.admin, uses, days)


def test_a_session_ends_by_itself(house: House) -> None:
    actor = house.person("Bea")
    house.later(IDLE / 1e6 - 60)
    assert house.do(accounts.authenticate, actor.session).stale
    house.do(accounts.touch, actor.session)
    house.later(120)
    house.do(accounts.authenticate, actor.session)
    for _ in range(6):
        house.do(accounts.touch, actor.session)
        house.later(IDLE / 1e6 - 60)
    assert house.shift > ABSOLUTE
    with pytest.raises(SignedOut):
        house.do(accounts.authenticate, actor.session)


def test_signing_in_ends_the_session_that_the_browser_came_with(house: House) -> None:
    bea = house.person("Bea")
    house.do(accounts.start_session, house.ana, Browser("fresh", "", ""), bea.session)
    with pytest.raises(SignedOut):
        house.do(accounts.authenticate, bea.session)
    assert house.events[-1].values == {"type": "sessions.ended", "user": bea.id, "session": bea.session}
    assert house.do(accounts.authenticate, "fresh").id == house.ana
    with pytest.raises(SignedOut):
        house.do(accounts.authenticate, "invented")
    with pytest.raises(SignedOut):
        house.do(accounts.authenticate, None)


@pytest.mark.parametrize("name", ["", "a b", "-a", "a-", "é", "a" * 33, "a/b", "a\nb"])
def test_usernames_are_plain(name: str) -> None:
    with pytest.raises(Invalid):
        names.username(name)


def test_names_lose_what_cannot_be_seen() -> None:
    assert names.username(" Ana.Lima ") == "ana.lima"
    assert names.line(" Ana \u202e\u0000\n Lima ", "name", "A room's name", 80) == "Ana Lima"
    with pytest.raises(Invalid):
        names.time_zone("../../etc/passwd")


def test_the_oldest_session_ends_for_one_too_many(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "MOST_SESSIONS", 3)
    browsers = [house.sign_in(house.ana) for _ in range(4)]
    with pytest.raises(SignedOut):
        house.do(accounts.authenticate, browsers[0].session)
    for browser in browsers[1:]:
        assert house.do(accounts.authenticate, browser.session).id == house.ana
    assert [event.values["session"] for event in house.events if event.values["type"] == "sessions.ended"] == [
        house.admin.session, browsers[0].session
    ]  # fmt: skip
