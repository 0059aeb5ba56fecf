"""The page on which somebody changes what they show, and their password."""

import html
import re
from pathlib import Path

import httpx
import pytest

from tests.people import PASSWORD, Person, newcomer, sign_in
from tests.servers import Server

NEW = "another horse battery"


@pytest.fixture
def bea(ana: Person) -> Person:
    return newcomer(ana, "Bea")


def me(person: Person, query: str = "") -> str:
    answer = person.http.get(f"/me{query}")
    assert answer.status_code == 200
    return answer.text


def status_of(person: Person) -> str:
    found = re.search(r'<p class="status">([^<]*)</p>', person.http.get(f"/people/{person.id}").text)
    assert found
    return html.unescape(found[1])


def field(text: str, name: str) -> str:
    """The paragraph of a field, with its error."""
    found = re.search(rf'<p class="field[^>]*>(?:(?!</p>).)*name="{name}".*?</p>', text, re.DOTALL)
    assert found, name
    return found[0]


def change_password(person: Person, old: str, new: str = NEW) -> httpx.Response:
    return person.http.post("/me/password", data={"old_password": old, "new_password": new})


def test_a_profile_is_kept_and_shown(ana: Person, bea: Person) -> None:
    form = {"display_name": "Beatriz <b>", "about": "I <i>bake</i>\r\nbread", "time_zone": "Asia/Tokyo"}
    answer = bea.http.post("/me", data=form)
    assert answer.headers["Location"] == "/me?done=profile"
    shown = me(bea, "?done=profile")
    assert '<p class="done" role="status">Saved.' in shown
    assert 'value="Beatriz &lt;b&gt;"' in shown and "I &lt;i&gt;bake&lt;/i&gt;\nbread</textarea>" in shown
    card = ana.http.get(f"/people/{bea.id}").text
    assert "Beatriz &lt;b&gt;" in card and "I &lt;i&gt;bake&lt;/i&gt;\nbread" in card and "(Asia/Tokyo)" in card
    assert '<p class="done"' not in me(bea, "?done=<b>")


def test_the_about_text_keeps_its_first_blank_line_out_and_its_lines(bea: Person) -> None:
    for text in ("\n\none\n\ntwo", "  one\n\ntwo  "):
        bea.http.post("/me", data={"display_name": "Bea", "about": text, "time_zone": ""})
        assert re.search(r'name="about"[^>]*>\s?one\n\ntwo</textarea>', me(bea))


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_is_kept(bea: Person) -> None:
    answer = bea.http.post("/me", data={"display_name": "B\u200bea", "about": "x" * 501, "time_zone": "Moon"})
    assert answer.status_code == 422
    assert "cannot be seen" in field(answer.text, "display_name")
    assert "has at most 500 characters; this has 501" in field(answer.text, "about") and "x" * 501 in answer.text
    assert "not a time zone" in field(answer.text, "time_zone") and 'value="Moon"' in answer.text
    assert 'value="Bea"' in me(bea)


def test_a_status_is_set_and_taken_away(ana: Person, bea: Person) -> None:
    assert bea.http.post("/me/status", data={"status": "On the train", "lasting": "hour"}).status_code == 303
    assert status_of(bea) == "On the train"
    assert "Until " in me(bea) and "Until " in ana.http.get(f"/people/{bea.id}").text
    refused = bea.http.post("/me/status", data={"status": "x" * 81, "lasting": "today"})
    assert refused.status_code == 422
    assert "at most 80 characters" in field(refused.text, "status")
    assert '<option value="today" selected>' in refused.text
    assert bea.http.post("/me/status", data={"status": " "}).headers["Location"] == "/me?done=no-status"
    assert status_of(bea) == ""


def test_nobody_changes_somebody_elses(ana: Person, bea: Person) -> None:
    for path, form in (
        ("/me", {"display_name": "Eve"}),
        ("/me/status", {"status": "hacked"}),
        ("/me/password", {"old_password": PASSWORD, "new_password": NEW}),
        ("/me/devices/others/end", {}),
    ):
        answer = ana.http.post(path, data={**form, "as": str(bea.id)})
        assert answer.status_code == 403, path
        assert httpx.post(f"{ana.url}{path}", data=form, trust_env=False).status_code == 303, "to the door"
    assert sign_in(ana.url, ana.username).id == ana.id
    assert 'value="Ana"' in me(ana)


def test_a_new_password_signs_out_everywhere_else(ana: Person, bea: Person) -> None:
    room = ana.make_room("Shared", bea)
    other = sign_in(bea.url, bea.username)
    with other.live(room) as elsewhere, bea.live(room) as here:
        elsewhere.sees('id="heartbeat"')
        answer = change_password(bea, PASSWORD)
        assert answer.headers["Location"] == "/me?done=password"
        assert elsewhere.ends() == 4401
        here.sees("")
    assert "signed out everywhere else" in me(bea, "?done=password")
    assert other.http.get("/me").status_code == 303
    assert sign_in(bea.url, bea.username, NEW).id == bea.id
    door = Person(bea.url, bea.username).http
    assert door.post("/login", data={"username": bea.username, "password": PASSWORD}).status_code == 401


def test_a_password_has_its_lengths_and_the_old_one_has_to_fit(bea: Person) -> None:
    for new, says in (("short", "at least 10 characters"), ("x" * 1001, "at most 1000 characters")):
        answer = change_password(bea, PASSWORD, new)
        assert answer.status_code == 422
        assert says in field(answer.text, "new_password")
        assert new not in answer.text and PASSWORD not in answer.text, "no password is shown again"
    answer = change_password(bea, "not this one")
    assert answer.status_code == 422
    assert "do not fit together" in field(answer.text, "old_password")
    assert sign_in(bea.url, bea.username).id == bea.id


def test_wrong_old_passwords_are_guesses_at_the_name(server: Server, bea: Person) -> None:
    assert [change_password(bea, f"guess number {number}").status_code for number in range(7)] == [422] * 5 + [429] * 2
    refused = change_password(bea, PASSWORD)
    assert refused.status_code == 429 and "too many attempts" in refused.text
    assert int(refused.headers["Retry-After"]) > 0
    assert sign_in(server.url, bea.username).id == bea.id, "the guesses were made in a browser that is known"


def test_no_password_is_in_the_log(server: Server, bea: Person) -> None:
    change_password(bea, PASSWORD)
    log = (Path(server.folder) / "server.log").read_text()
    assert PASSWORD not in log and NEW not in log
