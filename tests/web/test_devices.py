"""One's own devices: what they are, and their end."""

import re

import pytest

from tests.people import Person, newcomer, sign_in

IDS = re.compile(r'action="/me/devices/([0-9a-f]{16})/end"')


@pytest.fixture
def bea(ana: Person) -> Person:
    return newcomer(ana, "Bea")


def ids(person: Person) -> list[str]:
    return IDS.findall(person.http.get("/me/devices").text)


def at(person: Person, agent: str) -> Person:
    """They at one more browser, which calls itself so."""
    made = Person(person.url, person.username, person.name)
    made.http.headers["User-Agent"] = agent
    return made.sign_in()


def test_devices_are_shown_in_words_and_escaped(bea: Person) -> None:
    at(bea, "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
    at(bea, "<script>alert(1)</script>")
    page = bea.http.get("/me/devices").text
    assert '<b class="row-name">Firefox on Linux</b>' in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page and "<script>alert" not in page
    assert "127.0.0.1 · seen now" in page
    assert page.count("This one") == 1 and len(ids(bea)) == 3


def test_a_device_is_ended_and_its_socket_with_it(ana: Person, bea: Person) -> None:
    room = ana.make_room("Shared", bea)
    other = sign_in(bea.url, bea.username)
    with other.live(room) as live:
        live.sees('id="heartbeat"')
        assert bea.http.post(f"/me/devices/{ids(bea)[1]}/end").headers["Location"] == "/me/devices?done=one"
        assert live.ends() == 4401
    assert other.http.get("/me").status_code == 303
    assert '<p class="done" role="status">That device is signed out.' in bea.http.get("/me/devices?done=one").text


def test_ones_own_end_is_a_sign_out(bea: Person) -> None:
    assert bea.http.post(f"/me/devices/{ids(bea)[0]}/end").headers["Location"] == "/login"
    answer = bea.http.get("/me/devices")
    assert answer.status_code == 303, answer.text


def test_all_others_end(bea: Person) -> None:
    others = [sign_in(bea.url, bea.username) for _ in range(3)]
    assert bea.http.post("/me/devices/others/end").headers["Location"] == "/me/devices?done=others"
    assert [each.http.get("/me").status_code for each in others] == [303] * 3
    page = bea.http.get("/me/devices?done=others").text
    assert "All other devices are signed out." in page and "others/end" not in page


def test_somebody_elses_device_is_not_there(ana: Person, bea: Person) -> None:
    theirs = ids(bea)[0]
    for device in (theirs, "0" * 16, "x", "%00"):
        assert ana.http.post(f"/me/devices/{device}/end").status_code == 404
    assert len(ids(bea)) == 1
