"""Posting, editing, deleting and reading back over plain HTTP."""

import gzip
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.people import HTMX, Person, fresh_key, newcomer
from tests.servers import Server


@pytest.fixture(scope="module")
def room(ana: Person) -> int:
    return ana.make_room("Table")


def test_a_post_without_htmx_leads_back_to_the_room(ana: Person, room: int) -> None:
    answer = ana.http.post(f"/rooms/{room}/messages", data={"key": fresh_key(), "body": "plain"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/rooms/{room}")
    assert ana.page(room).texts[-1] == "plain"


def test_the_same_draft_twice_is_one_message(ana: Person, room: int) -> None:
    key = fresh_key()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ana.send(room, "only once", key), range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert ana.page(room).texts.count("only once") == 1
    assert sum("Location" in answer.headers for answer in answers) == 1, "one of them made it"


def test_an_outbox_is_answered_draft_by_draft(ana: Person, room: int) -> None:
    keys = [fresh_key() for _ in range(4)]
    data = {"key": keys, "body": ["", "second", "x" * 8_001, "first"]}
    answer = ana.http.post(f"/rooms/{room}/messages", data=data, headers=HTMX)
    assert answer.status_code == 422
    assert ana.page(room).texts[-2:] == ["first", "second"], "the newest draft comes first in the form"
    states = dict(re.findall(r"value='([\w-]+)'[^>]*> .draft-state\"[^>]*>(.*?)</hx-partial>", answer.text))
    assert {key for key, state in states.items() if "sent" in state} == {keys[1], keys[3]}
    assert "8,000" in states[keys[2]]
    assert keys[0] not in states


@pytest.mark.parametrize("form", [{}, {"key": "k" * 20}, {"body": "x"}, {"key": "short", "body": "x"},
                                  {"key": ["k" * 20, "m" * 20], "body": "x"}])  # fmt: skip
def test_a_form_that_is_no_post_is_refused(ana: Person, room: int, form: dict[str, str]) -> None:
    assert ana.http.post(f"/rooms/{room}/messages", data=form).status_code == 422
    assert ana.http.post(f"/rooms/{room}/messages", data=form, headers=HTMX).status_code == 422


def test_no_form_at_all_is_refused(ana: Person, room: int) -> None:
    assert ana.http.post(f"/rooms/{room}/messages", json={"body": "x"}).status_code == 422
    junk = ana.http.post(
        f"/rooms/{room}/messages", content=b"\xff\x00--", headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert junk.status_code in (400, 422)


def test_without_htmx_a_refused_text_is_in_the_composer_again(ana: Person, room: int) -> None:
    text = "<long> " + "x" * 8_001
    answer = ana.http.post(f"/rooms/{room}/messages", data={"key": fresh_key(), "body": text})
    assert answer.status_code == 422
    assert "&lt;long&gt; xxx" in answer.text
    assert "at most 8,000 characters" in answer.text


def test_editing_and_deleting(ana: Person, room: int) -> None:
    message = ana.post(room, "teh")
    ana.edit(message, "the")
    page = ana.http.get(f"/rooms/{room}").text
    assert ana.page(room).messages[message].text == "the"
    assert 'class="edited"' in page
    refused = ana.http.post(f"/messages/{message}/edit", data={"body": "y" * 8_001})
    assert (refused.status_code, "yyyy" in refused.text) == (422, True)
    assert ana.http.post(f"/messages/{message}/edit", data={"body": "  "}, headers=HTMX).status_code == 422
    ana.delete(message)
    assert message not in ana.page(room).messages
    for path in (f"/messages/{message}", f"/rooms/{room}?around={message}"):
        assert ana.http.get(path).status_code == 404
    assert ana.http.post(f"/messages/{message}/delete").status_code == 404


def test_a_permalink_offers_only_what_one_may_do(ana: Person, room: int) -> None:
    bea = newcomer(ana, "Bea")
    ana.let_in(room, bea)
    message = bea.post(room, "hers")
    assert "/edit" in bea.http.get(f"/messages/{message}").text
    seen_by_admin = ana.http.get(f"/messages/{message}", headers=HTMX).text
    assert "/edit" not in seen_by_admin
    assert "/delete" in seen_by_admin
    assert ana.http.post(f"/messages/{message}/edit", data={"body": "not hers"}).status_code == 403


def test_history_pages_hold_every_message_once(ana: Person) -> None:
    room = ana.make_room("Long")
    ids = [ana.post(room, f"number {number}") for number in range(130)]
    assert ana.page(room).ids == ids[80:]
    assert ana.history(room).ids == ids
    around = ana.http.get(f"/rooms/{room}?around={ids[50]}").text
    assert f'id="message-{ids[50]}"' in around
    assert 'id="older"' in around
    assert 'id="newer"' in around
    assert 'id="messages"' not in around, "it does not reach the end, so nothing new may be appended to it"
    last = ana.http.get(f"/rooms/{room}/messages?after={ids[90]}", headers=HTMX).text
    assert 'id="messages"' in last
    assert 'hx-target="#live"' in last, "a fresh socket goes on from this very page"


def test_the_first_load_is_light_and_stays_on_the_site(server: Server, ana: Person) -> None:
    room = ana.make_room("Light")
    for number in range(60):
        ana.post(room, f"message {number}, of a length that people write, with **some** words in it " * 2)
    page = ana.http.get(f"/rooms/{room}", headers={"Accept-Encoding": "gzip"})
    assert page.text.count('class="message') >= 50
    parts = re.findall(r'(?:src|href)="(/static/[^"]+\.(?:css|js))"', page.text)
    assert len(parts) == 4
    plain, packed = len(page.text.encode()), len(gzip.compress(page.text.encode()))
    for part in parts:
        answer = ana.http.get(part, headers={"Accept-Encoding": "gzip"})
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        plain += len(answer.content)
        packed += int(answer.headers["content-length"])
    assert plain <= 130_000, plain
    assert packed <= 40_000, packed
    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', page.text), "no request leaves the site"
