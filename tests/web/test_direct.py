"""Direct rooms over HTTP: begun from a card or by choice, read by those in them alone, blocked in plain words."""

import html
import re
import secrets
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.people import HTMX, PASSWORD, Person, fresh_key, newcomer, sign_in


@pytest.fixture
def bea(ana: Person) -> Person:
    return newcomer(ana, f"Bea{secrets.token_hex(3)}")


@pytest.fixture
def cid(ana: Person) -> Person:
    return newcomer(ana, f"Cid{secrets.token_hex(3)}")


def listed(person: Person, path: str = "/rooms") -> dict[int, str]:
    """The direct rooms in the list of this page: their names by number."""
    part = person.http.get(path).text.partition('<ul id="directs">')[2].partition("</ul>")[0]
    found = re.findall(r'<a href="/rooms/(\d+)"[^>]*>(.*?)</a>', part, re.DOTALL)
    marks = r"<i.*?</i>|<b .*?</b>|<[^>]*>"
    return {int(room): html.unescape(re.sub(marks, "", name)).strip() for room, name in found}


def heading(person: Person, room: int) -> str:
    found = re.search(r'<h1 id="room-name".*?</h1>', person.http.get(f"/rooms/{room}").text)
    assert found
    return html.unescape(re.sub(r"<[^>]*>", "", found[0]))


def begin(person: Person, *usernames: str) -> httpx.Response:
    return person.http.post("/direct", data={"username": list(usernames)})


def test_it_is_called_by_the_others_names(ana: Person, bea: Person, cid: Person) -> None:
    room = ana.direct(cid, bea)
    assert [heading(each, room) for each in (ana, bea, cid)] == [
        f"{bea.name}, {cid.name}",
        f"Ana, {cid.name}",
        f"Ana, {bea.name}",
    ]
    page = ana.http.get(f"/rooms/{room}").text
    assert f"<title>{bea.name}, {cid.name} · Tertulia</title>" in page
    assert f'placeholder="Message {bea.name}, {cid.name}"' in page
    assert f'<a class="name" id="t{bea.id}" href="/people/{bea.id}">' in page
    ana.post(room, "hello")
    assert listed(bea)[room] == f"Ana, {cid.name}"
    message = re.search(r'id="message-(\d+)"', bea.http.get(f"/rooms/{room}").text)
    assert message
    for path in (f"/messages/{message[1]}", f"/rooms/{room}/members"):
        assert f"Ana, {cid.name}" in bea.http.get(path).text, path
    spare = bea.http.post(f"/rooms/{room}/drafts", data={"key": fresh_key(), "body": ""}).text
    assert f'placeholder="Message Ana, {cid.name}"' in spare
    cid.http.post("/me", data={"display_name": f"{cid.name} Nunes"})
    assert heading(ana, room) == f"{bea.name}, {cid.name} Nunes"
    assert listed(bea)[room] == f"Ana, {cid.name} Nunes"


def test_two_browsers_at_once_make_one(ana: Person, bea: Person) -> None:
    browsers = [sign_in(ana.url, who.username, PASSWORD) for who in (ana, bea) for _ in range(3)]
    others = [bea, bea, bea, ana, ana, ana]
    with ThreadPoolExecutor(6) as threads:
        assert len(set(threads.map(Person.direct, browsers, others))) == 1


def test_an_empty_one_is_listed_by_its_own_page_alone(ana: Person, bea: Person) -> None:
    room = ana.direct(bea)
    assert room not in listed(ana) | listed(bea)
    assert room in listed(ana, f"/rooms/{room}")
    ana.post(room, "hello")
    assert room in listed(ana) and room in listed(bea)
    assert f'id="unread-{room}">unread<' in bea.http.get("/rooms").text


def test_notes_to_oneself(bea: Person) -> None:
    room = bea.direct(bea)
    assert heading(bea, room) == f"{bea.name} (you)"
    bea.post(room, "buy bread")
    assert listed(bea)[room] == f"{bea.name} (you)"
    assert bea.page(room).texts == ["buy bread"]


def test_a_stranger_and_an_admin_get_404_everywhere(ana: Person, bea: Person, cid: Person) -> None:
    room = bea.direct(cid)
    message = bea.post(room, "between us")
    for stranger in (ana, newcomer(ana, "Dora")):
        for path in (
            f"/rooms/{room}", f"/rooms/{room}?around={message}", f"/rooms/{room}/messages", f"/rooms/{room}/members",
            f"/rooms/{room}/settings", f"/rooms/{room}/leave", f"/rooms/{room}/live", f"/rooms/{room}/unread",
            f"/messages/{message}", f"/messages/{message}/menu", f"/messages/{message}/delete",
            f"/direct/{room}/leave",
        ):  # fmt: skip
            assert stranger.http.get(path).status_code == 404, path
            assert stranger.http.get(path, headers=HTMX).status_code == 404, path
        for path in (
            f"/rooms/{room}/join", f"/rooms/{room}/leave", f"/rooms/{room}/read", f"/rooms/{room}",
            f"/direct/{room}/hide", f"/direct/{room}/leave", f"/messages/{message}/delete",
            f"/messages/{message}/unread",
        ):  # fmt: skip
            assert stranger.http.post(path, data={"name": "x"}).status_code == 404, path
        added = stranger.http.post(f"/rooms/{room}/members", data={"username": stranger.username, "role": "member"})
        assert added.status_code == 404
        assert stranger.send(room, "let me in").status_code == 404
        assert stranger.http.post(f"/messages/{message}/edit", data={"body": "x"}).status_code == 404
        assert f"/rooms/{room}" not in stranger.http.get("/rooms").text
        asked = stranger.http.get(f"/sidebar?missing={room}").text
        assert f"/rooms/{room}" not in asked and f"#missing-{room}" in asked
    assert bea.page(room).texts == ["between us"]


def test_what_rooms_have_and_direct_ones_have_not(ana: Person, bea: Person) -> None:
    room = ana.direct(bea)
    for path in (f"/rooms/{room}/settings", f"/rooms/{room}/leave", f"/direct/{room}/leave"):
        assert ana.http.get(path).status_code == 403, path
    assert ana.http.post(f"/rooms/{room}", data={"name": "Ours", "visibility": "open"}).status_code == 403
    assert ana.http.post(f"/rooms/{room}/members", data={"username": "x", "role": "member"}).status_code == 403
    assert ana.http.post(f"/rooms/{room}/members/{bea.id}/remove").status_code == 403
    assert ana.http.post(f"/rooms/{room}/leave").status_code == 403
    page = ana.http.get(f"/rooms/{room}/members").text
    assert "Let somebody in" not in page and "Hide this room" in page and "Leave this room" not in page
    assert "hide it instead" in ana.http.post(f"/direct/{room}/leave").text
    assert f'"/rooms/{room}"' not in re.split("<main", ana.http.get("/rooms").text)[1]


def test_hidden_until_somebody_writes(ana: Person, bea: Person) -> None:
    room = ana.direct(bea)
    ana.post(room, "hello")
    hidden = bea.http.post(f"/direct/{room}/hide")
    assert hidden.headers["Location"] == "/rooms"
    page = bea.http.get("/rooms").text
    assert f"unread-{room}" not in page and "<title>•" not in page
    assert bea.http.get("/").headers["Location"] != f"/rooms/{room}"
    assert room in listed(ana)
    assert room in listed(bea, f"/rooms/{room}")
    ana.post(room, "are you there?")
    assert room in listed(bea)


def test_one_of_three_leaves(ana: Person, bea: Person, cid: Person) -> None:
    room = ana.direct(bea, cid)
    cid.post(room, "bye")
    assert "nobody can let you back in" in cid.http.get(f"/direct/{room}/leave").text
    assert cid.http.post(f"/direct/{room}/leave").headers["Location"] == "/rooms"
    assert cid.http.get(f"/rooms/{room}").status_code == 404
    assert room not in listed(cid)
    assert heading(ana, room) == f"{bea.name}, {cid.name} (left)"
    assert ana.page(room).texts == ["bye"]
    again = cid.direct(ana, bea)
    assert again != room
    assert heading(ana, again) == f"{bea.name}, {cid.name}"


def test_the_choice_of_people(ana: Person, bea: Person, cid: Person) -> None:
    page = ana.http.get(f"/direct?q={bea.username}&username={cid.username}").text
    chosen, other = (f'name="username" value="{each.username}"' for each in (cid, bea))
    assert f"{chosen} checked" in page and f"{other}>" in page
    assert page.index(chosen) < page.index(other)
    part = ana.http.get(f"/direct?q={bea.username}&username={cid.username}", headers=HTMX).text
    assert "<html" not in part and part.startswith("<ul") and "1 found." in part
    assert "Nobody else is called like that" in ana.http.get("/direct?q=%00nobody-at-all", headers=HTMX).text
    for text in ("BEA", f"@{bea.username}", bea.username[4:]):
        assert f'value="{bea.username}"' in ana.http.get("/direct", params={"q": text}).text, text
    elodie = newcomer(ana, "Eva Élodie Ünal")
    for text in ("élodie", "ÉLODIE", "ünal"):
        assert f'value="{elodie.username}"' in ana.http.get("/direct", params={"q": text}).text, text


def test_what_is_wrong_with_a_choice_is_said_and_the_choice_stays(ana: Person, bea: Person) -> None:
    many = [newcomer(ana, f"Many {number}") for number in range(9)]
    refused = begin(ana, *(each.username for each in many))
    assert refused.status_code == 422
    assert "At most 9 people" in refused.text
    assert refused.text.count(" checked") == 9
    assert "Choose somebody" in begin(ana).text
    unknown = begin(ana, bea.username, "nobody-of-that-name")
    assert unknown.status_code == 422 and "nobody-of-that-name" in unknown.text
    assert f'value="{bea.username}" checked' in unknown.text
    assert begin(ana, *["x" * 70] * 150).status_code == 422


def test_a_block_holds_over_http_and_the_outbox_and_is_said_where_one_writes(ana: Person, bea: Person) -> None:
    room = ana.direct(bea)
    first = bea.post(room, "before")
    assert ana.http.post(f"/people/{bea.id}/block").headers["Location"] == f"/people/{bea.id}"
    says = "takes no direct messages from you"
    refused = bea.send(room, "after")
    assert refused.status_code == 403 and says in refused.text and "hx-partial" in refused.text
    outbox = {"key": fresh_key(), "body": "after", "outbox": "entered"}
    refused = bea.http.post(f"/rooms/{room}/messages", data=outbox, headers=HTMX)
    assert refused.status_code == 403 and says in refused.text
    refused = bea.http.post(f"/rooms/{room}/messages", data={"key": fresh_key(), "body": "**after**"})
    assert refused.status_code == 403 and says in refused.text
    assert "<textarea" in refused.text and ">**after**</textarea>" in refused.text, "the text is kept"
    refused = bea.http.post(f"/messages/{first}/edit", data={"body": "in another way"})
    assert refused.status_code == 403 and says in refused.text and ">in another way</textarea>" in refused.text
    assert ana.page(room).texts == ["before"]
    assert bea.page(room).texts == ["before"], "it can be read"
    for path in (f"/people/{ana.id}", f"/rooms/{room}", "/rooms", "/me"):
        assert "block" not in re.sub(r"<section class=.section. id=.blocked.>.*?</section>|<form.*?</form>", "",
                                     bea.http.get(path).text.lower(), flags=re.DOTALL), path  # fmt: skip
    ana.post(room, "who blocks may write")
    ana.http.post(f"/people/{bea.id}/unblock")
    bea.post(room, "again")


def test_who_is_blocked_begins_nothing(ana: Person, bea: Person) -> None:
    ana.http.post(f"/people/{bea.id}/block")
    refused = begin(bea, ana.username)
    assert refused.status_code == 403
    assert "takes no direct messages from you. Nothing was begun." in refused.text


def test_the_blocked_are_listed_and_unblocked_one_by_one(ana: Person, bea: Person, cid: Person) -> None:
    for person in (cid, bea):
        ana.http.post(f"/people/{person.id}/block")
    page = ana.http.get("/me").text
    assert f'aria-label="Unblock {bea.name}"' in page and f'aria-label="Unblock {cid.name}"' in page
    assert ">Unblock</button>" in ana.http.get(f"/people/{bea.id}").text
    gone = ana.http.post(f"/people/{bea.id}/unblock", data={"back": "me"})
    assert gone.headers["Location"] == "/me#blocked"
    page = ana.http.get("/me").text
    assert f'aria-label="Unblock {bea.name}"' not in page and f'aria-label="Unblock {cid.name}"' in page
    ana.http.post(f"/people/{cid.id}/unblock")
    assert ana.http.post(f"/people/{ana.id}/block").status_code == 422
    assert ana.http.post("/people/999999/block").status_code == 404


def test_htmx_is_answered_with_the_card(ana: Person, bea: Person) -> None:
    card = ana.http.post(f"/people/{bea.id}/block", data={"opener": "a42"}, headers=HTMX).text
    assert card.startswith("<details") and ">Unblock</button>" in card and 'hx-target="#a42"' in card
    card = ana.http.post(f"/people/{bea.id}/unblock", data={"opener": '"><b>'}, headers=HTMX).text
    assert ">Block</button>" in card and "<b>" not in card


def test_missing_entries_are_told_and_no_others(ana: Person, bea: Person) -> None:
    room, other = ana.direct(bea), ana.make_room("Garden", bea)
    ana.post(room, "hello")
    told = bea.http.get(f"/sidebar?missing={room}&missing={other}&missing=x&missing=999999").text
    assert f'hx-target="#directs:not(:has(#unread-{room}))"' in told
    assert f'hx-target="#own-rooms:not(:has(#unread-{other}))"' in told
    assert f'id="unread-{room}">unread</i>' in told
    assert told.count("<li>") == 2
    assert [number in told for number in ("#missing-999999", "#missing-x")] == [True, False]


def test_a_name_is_marked_while_its_person_has_a_room_open(ana: Person, bea: Person) -> None:
    room, garden = ana.direct(bea), ana.make_room("Garden", bea)
    ana.post(room, "hello")
    mark = f'<bdi data-person="{bea.id}" class="here">'
    assert mark not in ana.http.get("/rooms").text
    with bea.live(garden) as live:
        live.sees("here-")
        assert mark in ana.http.get("/rooms").text
