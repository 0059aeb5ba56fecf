"""Case 52: a form that was made for one person does nothing under another's session."""

import re
from pathlib import Path

import pytest

from tests.people import HTMX, Person, newcomer

ROOT = Path(__file__).resolve().parents[2]
FORM = re.compile(r'<form [^>]*method="post".*?</form>', re.DOTALL)
SHARED = {"reactions/_row.html"}
"""The same bytes for all who read: a click there counts for whoever is signed in, and the next takes it back."""
BEFORE_SIGNING_IN = {"sessions/login.html", "setup/page.html", "join/page.html", "resets/page.html"}


@pytest.fixture(scope="module")
def room(ana: Person, bea: Person) -> int:
    return ana.make_room("Shared", bea, visibility="open")


@pytest.fixture(scope="module")
def bea(ana: Person) -> Person:
    return newcomer(ana, "Bea")


def test_every_form_of_somebody_signed_in_says_whose_it_is() -> None:
    forms = [
        (name, form)
        for path in (ROOT / "templates").rglob("*.html")
        if (name := str(path.relative_to(ROOT / "templates"))) not in BEFORE_SIGNING_IN | SHARED
        for form in FORM.findall(path.read_text())
        if "/logout" not in form and 'id="composer"' not in form
    ]
    assert len(forms) > 10
    assert not [(name, form) for name, form in forms if 'name="as" value="{{ ' not in form]


def test_case_52_a_post_of_another_person_is_refused_and_its_text_kept(ana: Person, bea: Person, room: int) -> None:
    found = re.search(r'name="key" value="([^"]+)"', ana.http.get(f"/rooms/{room}").text)
    assert found, "the composer's draft"
    form = {"key": found[1], "body": "in <Ana's> name"}
    before = ana.page(room).texts
    for more in ({}, {"outbox": "entered"}, {"outbox": "again"}):
        answer = bea.http.post(f"/rooms/{room}/messages", data=form | more, headers=HTMX)
        assert answer.status_code == 403
        assert "You are signed in as Bea" in answer.text
        assert f"value='{form['key']}'" in answer.text, "beside the draft"
        assert 'class="sent"' not in answer.text
    for poster in (bea, newcomer(ana, "Dan")):
        by_hand = poster.http.post(f"/rooms/{room}/messages", data=form)
        assert by_hand.status_code == 403, "also to who is not in the room"
        assert "in &lt;Ana&#39;s&gt; name</textarea>" in by_hand.text
    assert ana.page(room).texts == before
    assert ana.http.post(f"/rooms/{room}/messages", data=form, headers=HTMX).status_code == 201


def test_case_52_no_other_form_of_another_person_does_anything(ana: Person, bea: Person, room: int) -> None:
    mine = bea.make_room("Of Bea", ana)
    message = bea.post(mine, "as it was")
    forms = {
        f"/messages/{message}/edit": {"body": "changed"},
        f"/messages/{message}/delete": {},
        f"/rooms/{mine}": {"name": "Renamed"},
        f"/rooms/{mine}/members": {"username": newcomer(ana, "Cid").username},
        f"/rooms/{mine}/members/{ana.id}/remove": {},
        f"/rooms/{mine}/leave": {},
        "/rooms": {"name": "New"},
        f"/rooms/{room}/join": {},
        "/admin/invitations": {"uses": "1", "days": "7"},
    }
    for path, form in forms.items():
        for headers in ({}, HTMX):
            answer = bea.http.post(path, data={"as": str(ana.id), **form}, headers=headers)
            assert answer.status_code == 403, path
            assert "You are signed in as Bea" in answer.text, path
    assert (
        "changed</textarea>" in bea.http.post(f"/messages/{message}/edit", data={"as": ana.id, "body": "changed"}).text
    )
    assert bea.page(mine).texts == ["as it was"]
    assert "Of Bea" in ana.http.get(f"/rooms/{mine}/members").text
    assert bea.http.post(f"/messages/{message}/edit", data={"as": bea.id, "body": "changed"}).status_code == 303
    assert bea.http.post(f"/messages/{message}/delete", json={"as": ana.id}).status_code == 303, "a bot sends no form"


@pytest.mark.parametrize("person", ["x", "", "-1", "1" * 400])
def test_a_damaged_author_is_nobody(ana: Person, room: int, person: str) -> None:
    assert ana.http.post(f"/rooms/{room}/join", data={"as": person}).status_code == 422
