"""Rooms over plain HTTP: who sees what, and that bad input is told in its place."""

import pytest

from tests.people import HTMX, Person, newcomer


@pytest.fixture(scope="module")
def closed(ana: Person) -> tuple[int, int, Person]:
    """(a closed room of Ana's, a message in it, Bea, who is not in it)."""
    room = ana.make_room("Hidden", visibility="closed")
    return room, ana.post(room, "for us alone"), newcomer(ana, "Bea")


def test_a_closed_room_is_404_everywhere(closed: tuple[int, int, Person]) -> None:
    room, message, bea = closed
    for path in (
        f"/rooms/{room}", f"/rooms/{room}?around={message}", f"/rooms/{room}/messages",
        f"/rooms/{room}/messages?before={message}", f"/rooms/{room}/members", f"/rooms/{room}/settings",
        f"/rooms/{room}/live", f"/messages/{message}", f"/session?room={room}",
    ):  # fmt: skip
        for headers in ({}, HTMX):
            answer = bea.http.get(path, headers=headers)
            assert answer.status_code == 404, path
            assert "Hidden" not in answer.text
            assert "for us alone" not in answer.text
    for path, form in (
        (f"/rooms/{room}", {"name": "Mine"}), (f"/rooms/{room}/join", {}), (f"/rooms/{room}/leave", {}),
        (f"/rooms/{room}/members", {"username": bea.username}), (f"/rooms/{room}/members/1/remove", {}),
        (f"/rooms/{room}/messages", {"key": "k" * 20, "body": "x"}), (f"/messages/{message}/edit", {"body": "x"}),
        (f"/rooms/{room}/drafts", {"key": "k" * 20, "body": "x"}), (f"/messages/{message}/delete", {}),
    ):  # fmt: skip
        assert bea.http.post(path, data=form).status_code == 404, path
    assert "Hidden" not in bea.http.get("/rooms").text


NOWHERE = (
    "/rooms/0 /rooms/999999 /rooms/99999999999999999999999 /messages/0 /rooms/1?around=x /nowhere /join/1.forged"
    " /rooms/1?around=99999999999999999999 /rooms/1/messages?before=-1 /static/0/../webapp/main.py"
)


@pytest.mark.parametrize("path", NOWHERE.split())
def test_what_is_not_there_is_a_page_of_the_site(ana: Person, path: str) -> None:
    answer = ana.http.get(path)
    assert answer.status_code == 404
    assert "css/all.css" in answer.text


def test_an_open_room_is_joined_by_its_button(ana: Person) -> None:
    room = ana.make_room("Square", visibility="open")
    ana.post(room, "come in")
    carl = newcomer(ana, "Carl")
    guest = carl.http.get(f"/rooms/{room}")
    assert guest.status_code == 200
    assert f'action="/rooms/{room}/join"' in guest.text
    assert "come in" not in guest.text
    assert carl.http.get(f"/rooms/{room}/messages").status_code == 200, "the same page, without htmx"
    assert "come in" not in carl.http.get(f"/rooms/{room}/messages").text
    assert carl.http.get(f"/rooms/{room}/messages", headers=HTMX).status_code == 404
    carl.http.post(f"/rooms/{room}/join")
    assert "come in" in carl.http.get(f"/rooms/{room}").text
    assert carl.http.get("/").headers["location"] == f"/rooms/{room}", "the last room is remembered"
    carl.http.post(f"/rooms/{room}/leave")
    assert carl.http.get("/").headers["location"] == "/rooms/1", "where every newcomer begins"
    carl.http.post("/rooms/1/leave")
    assert carl.http.get("/").headers["location"] == "/rooms"


def test_a_refused_room_keeps_what_was_typed(ana: Person) -> None:
    answer = ana.http.post("/rooms", data={"name": "", "topic": "A fine topic", "visibility": "closed"})
    assert answer.status_code == 422
    assert "A room&#39;s name is missing." in answer.text
    assert 'value="A fine topic"' in answer.text
    assert 'value="closed" checked' in answer.text


def test_a_room_changes_its_name_for_who_may(ana: Person) -> None:
    dora = newcomer(ana, "Dora")
    room = ana.make_room("Before", dora)
    assert dora.http.post(f"/rooms/{room}", data={"name": "Mine"}).status_code == 403
    assert ana.http.post(f"/rooms/{room}", data={"name": "After"}).status_code == 303
    page = dora.http.get(f"/rooms/{room}").text
    assert ">After</h1>" in page
    refused = ana.http.post(f"/rooms/{room}", data={"name": "x" * 81})
    assert refused.status_code == 422
    assert "at most 80" in refused.text


def test_members_come_and_go_by_the_owners_hand(ana: Person) -> None:
    eva = newcomer(ana, "Eva")
    room = ana.make_room("Inner", visibility="closed")
    unknown = ana.http.post(f"/rooms/{room}/members", data={"username": "nobody-here"})
    assert (unknown.status_code, "Nobody here has this username" in unknown.text) == (422, True)
    ana.let_in(room, eva)
    assert ana.http.post(f"/rooms/{room}/members", data={"username": eva.username}).status_code == 409
    assert "Eva" in eva.http.get(f"/rooms/{room}/members").text
    ana.remove(room, eva)
    assert eva.http.get(f"/rooms/{room}").status_code == 404


def test_only_an_admin_has_admin_pages(ana: Person) -> None:
    finn = newcomer(ana, "Finn")
    for path in ("/admin/invitations", "/admin/settings"):
        assert finn.http.get(path).status_code == 403
        assert finn.http.post(path, data={"uses": "1", "days": "1", "community": "x"}).status_code == 403
    wrong = ana.http.post("/admin/settings", data={"community": "Casa", "time_zone": "Mars/Olympus"})
    assert (wrong.status_code, "Mars/Olympus" in wrong.text) == (422, True)


def test_without_styles_a_page_says_only_what_is_so(ana: Person) -> None:
    """A browser that knows no styles, such as w3m, shows every text that is in the page."""
    room = ana.make_room("Plain")
    empty = ana.http.get(f"/rooms/{room}").text
    assert 'Nothing has been said in <span class="room-name">Plain</span> yet.' in empty
    ana.post(room, "hello")
    for text in (empty, ana.http.get(f"/rooms/{room}").text):
        assert "Offline" not in text
        assert "sends" not in text
    assert "Nothing has been said" not in text
