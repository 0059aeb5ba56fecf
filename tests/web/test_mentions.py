"""The inbox as a page, the number beside a room, and what is asked before many are told."""

import re

from tests.people import HTMX, Person, fresh_key, newcomer
from webapp.domain.mentions import MOST_UNASKED


def numbers(page: str) -> dict[str, str]:
    """By room, and "inbox", what waits; without those where nothing does."""
    return dict(re.findall(r'id="count-(\w+)"[^>]*>(\d+)<', page))


def entries(page: str) -> list[tuple[str, bool]]:
    """(what was said, whether it is unseen), the newest first."""
    found = re.findall(
        r'<li id="notice-\d+"( class="unseen")?>.*?<span class="said"[^>]*>(.*?)</span>', page, re.DOTALL
    )
    return [(text, bool(unseen)) for unseen, text in found]


def opening(page: str, text: str) -> str:
    """The address of the entry that says this."""
    form = next(each for each in page.split("<li ") if text in each)
    found = re.search(r'action="(/inbox/\d+/open)"', form)
    assert found
    return found[1]


def test_a_mention_waits_in_the_inbox_until_it_is_opened_there(ana: Person) -> None:
    bea = newcomer(ana, "Bea")
    room = ana.make_room("Garden", bea)
    first = ana.post(room, f"one for @{bea.username}")
    ana.post(room, f"two for @{bea.username} <b>")
    page = bea.http.get("/inbox").text
    assert numbers(page) == {str(room): "2", "inbox": "2"}
    assert "<title>(2) Inbox · Tertulia</title>" in page
    assert entries(page) == [(f"two for @{bea.username} &lt;b&gt;", True), (f"one for @{bea.username}", True)]
    opened = bea.http.post(opening(page, "one for"))
    assert (opened.status_code, opened.headers["Location"]) == (303, f"/rooms/{room}?around={first}#message-{first}")
    page = bea.http.get("/inbox").text
    assert numbers(page) == {str(room): "1", "inbox": "1"}
    assert [unseen for _, unseen in entries(page)] == [True, False]
    assert bea.http.post("/inbox/seen").headers["Location"] == "/inbox"
    page = bea.http.get("/inbox").text
    assert (numbers(page), [unseen for _, unseen in entries(page)]) == ({}, [False, False])


def test_reading_the_room_is_seeing_it(ana: Person) -> None:
    bea = newcomer(ana, "Bea")
    room = ana.make_room("Garden", bea)
    ana.post(room, f"hello @{bea.username}")
    assert numbers(bea.http.get(f"/rooms/{room}").text) == {str(room): "1", "inbox": "1"}
    bea.http.post(f"/rooms/{room}/read")
    assert numbers(bea.http.get("/rooms").text) == {}
    assert entries(bea.http.get("/inbox").text) == [(f"hello @{bea.username}", False)]


def test_kinds_pages_and_what_is_none(ana: Person) -> None:
    bea = newcomer(ana, "Bea")
    room = ana.make_room("Garden", bea)
    for number in range(35):
        ana.post(room, f"number {number} @{bea.username}")
    page = bea.http.get("/inbox?kind=mention").text
    assert len(entries(page)) == 30
    older = re.search(r'href="(/inbox\?kind=mention&amp;before=\d+)"', page)
    assert older
    rest = bea.http.get(older[1].replace("&amp;", "&")).text
    assert [text.split()[1] for text, _ in entries(rest)] == ["4", "3", "2", "1", "0"]
    assert entries(bea.http.get("/inbox?kind=reply").text) == []
    part = bea.http.get("/inbox", headers={**HTMX, "HX-Request-Type": "partial"}).text
    assert "<html" not in part
    assert len(entries(part)) == 30
    for path in ("?kind=x", "?before=x", f"?before={'9' * 5000}", "?kind=mention&before=-1"):
        assert bea.http.get(f"/inbox{path}").status_code == 404
    for path in ("0", "x", "999999"):
        assert bea.http.post(f"/inbox/{path}/open").status_code == 404
    assert Person(ana.url, "nobody").http.get("/inbox").status_code == 303


def test_another_person_sees_nothing_of_it(ana: Person) -> None:
    bea, cid = newcomer(ana, "Bea"), newcomer(ana, "Cid")
    room = ana.make_room("Garden", bea)
    ana.post(room, f"a secret for @{bea.username}")
    page = bea.http.get("/inbox").text
    assert cid.http.post(opening(page, "a secret")).status_code == 404
    assert entries(cid.http.get("/inbox").text) == []
    assert numbers(bea.http.get("/inbox").text)["inbox"] == "1"
    ana.remove(room, bea)
    page = bea.http.get("/inbox").text
    assert (entries(page), numbers(page)) == ([], {})


def test_a_name_is_a_link_for_members_alone_and_highlighted_for_who_is_meant(ana: Person) -> None:
    bea, cid = newcomer(ana, "Bea"), newcomer(ana, "Cid")
    room = ana.make_room("Garden", bea)
    ana.post(room, f"@{bea.username} and @{cid.username}")
    shown = bea.http.get(f"/rooms/{room}").text
    assert f'<a class="mention" href="/people/{bea.id}" data-mentions="{bea.id}">@{bea.username}</a> and' in shown
    assert f"and @{cid.username}</p>" in shown
    assert f'[data-mentions~="{bea.id}"]' in bea.http.get("/me.css").text


def crowd(ana: Person) -> int:
    """A room with one person more than are told without a question."""
    members = [newcomer(ana, f"P{number}") for number in range(MOST_UNASKED)]
    return ana.make_room("Crowd", *members)


def test_fifty_one_are_asked_for_first(ana: Person) -> None:
    room = crowd(ana)
    key = fresh_key()
    asked = ana.send(room, "hello @room", key)
    assert asked.status_code == 409
    assert f'<button name="confirmed" value="{key}">Tell 51 people</button>' in asked.text
    assert ana.page(room).texts == []
    form = {"key": key, "body": "hello @room", "confirmed": key}
    assert ana.http.post(f"/rooms/{room}/messages", data=form, headers=HTMX).status_code == 201
    assert ana.http.post(f"/rooms/{room}/messages", data=form, headers=HTMX).status_code == 201
    assert ana.page(room).texts == ["hello @room"]
    plain = ana.http.post(f"/rooms/{room}/messages", data={"key": fresh_key(), "body": "and @room again"})
    assert plain.status_code == 409
    assert "Tell 51 people" in plain.text
    assert ">and @room again</textarea>" in plain.text
    message = ana.post(room, "more")
    edited = ana.http.post(f"/messages/{message}/edit", data={"body": "more @room"}, headers=HTMX)
    assert edited.status_code == 409
    assert '<button name="confirmed" value="1">Tell 51 people</button>' in edited.text
    fine = ana.http.post(f"/messages/{message}/edit", data={"body": "more @room", "confirmed": "1"})
    assert fine.status_code == 303


def suggested(person: Person, room: int, text: str) -> list[str]:
    answer = person.http.post(f"/rooms/{room}/mentions", data={"body": text}, headers=HTMX)
    assert answer.status_code == 200, answer.text
    return re.findall(r"<b>@([^<]+)</b>", answer.text)


def test_an_unfinished_name_is_met_with_whom_it_may_mean(ana: Person) -> None:
    bea, ben, out = newcomer(ana, "Bea Prado"), newcomer(ana, "Ben"), newcomer(ana, "Beatriz")
    room = ana.make_room("Garden", bea, ben)
    ben.post(room, "hello")
    assert suggested(ana, room, "hello @be") == [ben.username, bea.username], "who spoke last comes first"
    bea.post(room, "hello")
    assert suggested(ana, room, "hello\n(@_BE") == [bea.username, ben.username]
    assert suggested(ana, room, "@pra") == [bea.username], "any word of a name"
    assert suggested(ana, room, "@bea-") == [bea.username]
    for text in ("", "hello", "@", "@bea ", "x@be", "@be@", "@%", "@_", "@be" + "e" * 8_000):
        assert suggested(ana, room, text) == [], text
    assert suggested(bea, room, "@be") == [ben.username], "not oneself"
    answer = out.http.post(f"/rooms/{room}/mentions", data={"body": "@be"}, headers=HTMX)
    assert answer.status_code == 404
