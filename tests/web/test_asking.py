"""What cannot be undone is asked for first, by a page that changes nothing; the POST does it at once."""

import pytest

from tests.people import HTMX, Person, newcomer, sign_in


def test_case_58_who_leaves_last_a_closed_room_is_asked_and_an_admin_finds_it(ana: Person) -> None:
    bea, carl = newcomer(ana, "Bea"), newcomer(ana, "Carl")
    room = bea.make_room("The <b>attic</b>", carl)
    bea.post(room, "said in the attic")
    members = bea.http.get(f"/rooms/{room}/members").text
    assert f'href="/rooms/{room}/leave"' in members
    assert f'action="/rooms/{room}/leave"' not in members, "not at one click"
    assert "You are the last one" not in bea.http.get(f"/rooms/{room}/leave").text
    carl.http.post(f"/rooms/{room}/leave")
    assert carl.http.get(f"/rooms/{room}/leave").status_code == 404
    asked = bea.http.get(f"/rooms/{room}/leave")
    assert "You are the last one in it" in asked.text
    assert f'action="/rooms/{room}/leave"' in asked.text
    assert bea.page(room).texts == ["said in the attic"], "asking changed nothing"
    assert "attic" not in ana.http.get("/rooms").text, "an admin sees no closed room that has people in it"
    assert ana.http.post(f"/rooms/{room}/join").status_code == 404
    assert bea.http.post(f"/rooms/{room}/leave").status_code == 303

    for person in (bea, carl):
        assert "attic" not in person.http.get("/rooms").text
        assert person.http.post(f"/rooms/{room}/join").status_code == 404
    assert ana.http.get(f"/rooms/{room}").status_code == 404, "listed, not opened"
    listed = ana.http.get("/rooms").text
    assert "The &lt;b&gt;attic&lt;/b&gt;" in listed
    assert f'action="/rooms/{room}/join"' in listed
    assert ana.http.post(f"/rooms/{room}/join").status_code == 303
    assert ana.page(room).texts == ["said in the attic"]
    assert f"@{ana.username} \u00b7 owner" in ana.http.get(f"/rooms/{room}/members").text
    assert "Closed, with nobody in them" not in ana.http.get("/rooms").text


def test_an_open_room_that_all_have_left_belongs_to_who_comes_next(ana: Person) -> None:
    bea, carl, dan = (newcomer(ana, name) for name in ("Bea", "Carl", "Dan"))
    room = bea.make_room("Square", visibility="open")
    assert f'action="/rooms/{room}/leave"' in bea.http.get(f"/rooms/{room}/members").text, "it can be undone"
    bea.http.post(f"/rooms/{room}/leave")
    assert "Square" in ana.http.get("/rooms").text
    carl.http.post(f"/rooms/{room}/join")
    dan.http.post(f"/rooms/{room}/join")
    assert carl.http.get(f"/rooms/{room}/settings").status_code == 200
    assert dan.http.get(f"/rooms/{room}/settings").status_code == 403


def test_a_removal_is_asked_for(ana: Person) -> None:
    bea = newcomer(ana, "Bea")
    room = ana.make_room("Garden", bea)
    path = f"/rooms/{room}/members/{bea.id}/remove"
    members = ana.http.get(f"/rooms/{room}/members").text
    assert f'href="{path}"' in members
    assert f'action="{path}"' not in members
    asked = ana.http.get(path)
    assert "Remove Bea?" in asked.text
    assert f'action="{path}"' in asked.text
    assert bea.http.get(f"/rooms/{room}").status_code == 200
    assert bea.http.get(path).status_code == 403
    assert ana.http.get(f"/rooms/{room}/members/999999/remove").status_code == 404
    ana.remove(room, bea)
    assert bea.http.get(f"/rooms/{room}").status_code == 404
    assert ana.http.get(path).status_code == 404


def test_a_deletion_is_asked_for(ana: Person) -> None:
    bea = newcomer(ana, "Bea")
    room = ana.make_room("Garden", bea)
    mine, hers = ana.post(room, "mine"), bea.post(room, "hers")
    for headers in ({}, HTMX):
        actions = bea.http.get(f"/messages/{hers}", headers=headers).text
        assert f'href="/messages/{hers}/delete"' in actions
        assert f'action="/messages/{hers}/delete"' not in actions
        asked = bea.http.get(f"/messages/{hers}/delete", headers=headers)
        assert asked.status_code == 200
        assert f'action="/messages/{hers}/delete"' in asked.text
        assert bea.http.get(f"/messages/{mine}/delete", headers=headers).status_code == 403
    assert bea.page(room).texts == ["mine", "hers"]
    bea.delete(hers)
    assert bea.page(room).texts == ["mine"]
    assert bea.http.get(f"/messages/{hers}/delete").status_code == 404


@pytest.mark.parametrize("path", ["/messages/{message}/delete", "/messages/{message}/menu", "/rooms/{room}/leave"])
def test_strangers_are_asked_nothing(ana: Person, path: str) -> None:
    room = ana.make_room("Hidden")
    place = path.format(room=room, message=ana.post(room, "for us alone"))
    answer = newcomer(ana, "Eve").http.get(place)
    assert answer.status_code == 404
    assert "Hidden" not in answer.text
    again = sign_in(ana.url, ana.username)
    again.sign_out()
    assert again.http.get(place).headers["location"].startswith("/login?next=")


def test_the_menu_that_takes_the_focus_is_the_messages_own(ana: Person) -> None:
    room = ana.make_room("Garden")
    message = ana.post(room, "mine")
    menu = ana.http.get(f"/messages/{message}/menu").text
    assert menu.count(" autofocus") == 1
    assert menu.replace(" autofocus", "") in ana.http.get(f"/rooms/{room}").text
