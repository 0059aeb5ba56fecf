"""Whatever somebody changes has a pace and a bound, which is told where they look."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.people import HTMX, Person, newcomer, set_up
from tests.servers import Server

SLOW = {"MAX_CHANGES": "5", "MAX_CHANGES_SECONDS": "3600", "MAX_NEW_ROOMS": "3", "MAX_NEW_ROOMS_SECONDS": "3600"}


@pytest.fixture(scope="module")
def server(database: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("server")
    made = Server(folder, MAX_LOGINS_PER_ADDRESS="1000", **SLOW, **database).start()
    yield made
    made.kill()


@pytest.fixture(scope="module")
def ana(server: Server) -> Person:
    return set_up(server.url)


def statuses(answers: list[httpx.Response]) -> list[int]:
    return [answer.status_code for answer in answers]


def told(answer: httpx.Response, text: str) -> bool:
    return answer.status_code == 429 and int(answer.headers["Retry-After"]) > 0 and text in answer.text


def test_rooms_are_made_a_few_at_a_time(ana: Person) -> None:
    answers = [ana.http.post("/rooms", data={"name": f"Room {number}", "topic": "kept"}) for number in range(5)]
    assert statuses(answers) == [303] * 3 + [429] * 2
    assert told(answers[-1], "You have made many rooms")
    assert 'value="Room 4"' in answers[-1].text, "what was typed is shown again"


def test_edits_and_deletions_have_a_pace(server: Server, ana: Person) -> None:
    bea = newcomer(ana, "Bea")
    bea.http.post("/rooms/1/join")
    message = bea.post(1, "first")
    answers = [bea.http.post(f"/messages/{message}/edit", data={"body": f"edit {n}"}, headers=HTMX) for n in range(7)]
    assert statuses(answers) == [200] * 4 + [429] * 3, "joining was the first of five changes"
    assert told(answers[-1], "You are changing things very fast")
    assert bea.page(1).texts == ["edit 3"]
    assert told(bea.http.post(f"/messages/{message}/delete", headers=HTMX), "You are changing things very fast")
    again = Person(server.url, bea.username).sign_in()
    answers = [again.http.post(f"/messages/{message}/edit", data={"body": f"edit {n}"}) for n in range(7)]
    assert 200 not in statuses(answers)[2:], "another browser of the same person is no way around it"


def test_a_form_is_shown_again_with_what_was_typed(ana: Person) -> None:
    cid = newcomer(ana, "Cid")
    room = cid.make_room("Cid's")
    for _ in range(4):
        assert cid.http.post(f"/rooms/{room}", data={"name": "Cid's own"}).status_code == 303
    answer = cid.http.post(f"/rooms/{room}", data={"name": "Typed long", "topic": ""})
    assert told(answer, "You are changing things very fast")
    assert 'value="Typed long"' in answer.text
    answer = cid.http.post(f"/rooms/{room}/members", data={"username": "somebody.typed"})
    assert told(answer, "somebody.typed")
