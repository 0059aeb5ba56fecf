"""Case 48: a number that is no number, or none that can be, is 404 or 422 wherever one is read, and never our error."""

import json
import re
import sqlite3
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from starlette.routing import Route
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.pages import Log
from tests.people import HTMX, Live, Person, fresh_key
from tests.servers import Server
from webapp.web.routes import ROUTES

NUMBERED = ("room", "message", "user", "invitation")
OTHERS = {"key": "k" * 20, "code": "x", "device": "0", "hash": "0", "path": "css/all.css"}
BAD = [
    "9" * 5_000, "0" * 5_000 + "1", "9" * 19, "01", "007", "0000000000000000001", "-1", "+1", " 1", "1 ", "1\n", "1.0",
    "1e3", "0x1", "1_000", "١", "１", "²", "x", "\x00", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
]  # fmt: skip
IDS = [f"{len(value)} characters, {value[:6]!r}" for value in BAD]
each_bad = pytest.mark.parametrize("bad", BAD, ids=IDS)


@pytest.fixture(scope="module")
def room(ana: Person) -> int:
    return ana.make_room("Table")


def places() -> list[tuple[str, str]]:
    """(method, path with `BAD` for one of its numbers, and good ones for the others)."""
    found = []
    for route in ROUTES:
        assert isinstance(route, Route)
        names = re.findall(r"{(\w+)(?::\w+)?}", route.path)
        for name in [each for each in names if each in NUMBERED]:
            values = {**dict.fromkeys(NUMBERED, "1"), **OTHERS, name: "BAD"}
            path = re.sub(r"{(\w+)(?::\w+)?}", lambda part: values[part[1]], route.path)  # noqa: B023
            found += [(method, path) for method in sorted((route.methods or set()) - {"HEAD"})]
    assert len(found) >= 17
    return found


@each_bad
def test_case_48_in_a_path(ana: Person, bad: str) -> None:
    for method, path in places():
        answer = ana.http.request(
            method, path.replace("BAD", quote(bad, safe="")), data={"body": "x"} if method == "POST" else None
        )
        assert answer.status_code == 404, f"{method} {path}"


@each_bad
def test_case_48_in_a_query(ana: Person, room: int, bad: str) -> None:
    value = quote(bad, safe="")
    for name in ("before", "after", "around"):
        for path in (f"/rooms/{room}", f"/rooms/{room}/messages"):
            for headers in ({}, HTMX):
                answer = ana.http.get(f"{path}?{name}={value}", headers=headers)
                assert answer.status_code == 404, f"{path}?{name} {headers}"
    assert ana.http.get(f"/rooms/{room}/live?since={value}").status_code == 422
    assert ana.http.get(f"/rooms/{room}/messages?since={value}", headers=HTMX).status_code == 422
    assert ana.http.get(f"/session?room={value}").status_code == 404


@each_bad
def test_case_48_in_a_form(ana: Person, room: int, bad: str) -> None:
    for form, says in (
        ({"uses": bad, "days": "1"}, "from 1 to 1000"),
        ({"uses": "1", "days": bad}, "from 1 to 365"),
    ):
        answer = ana.http.post("/admin/invitations", data=form)
        assert answer.status_code == 422
        assert says in answer.text or "\x00" in bad
    form = {"key": fresh_key(), "body": "not said", "since": bad}
    assert ana.http.post(f"/rooms/{room}/messages", data=form, headers=HTMX).status_code == 422
    assert "not said" not in ana.page(room).texts


@pytest.mark.parametrize(
    ("uses", "days"),
    [
        ("000000001999999999", "1"), ("1", "0000000013000000"), ("1001", "1"), ("1", "366"), ("0", "1"), ("1", "0"),
        ("1000000001", "1"), ("0000000019999999999", "1"),
    ],
)  # fmt: skip
def test_case_48_never_beyond_the_limit_that_the_form_names(ana: Person, uses: str, days: str) -> None:
    before = ana.http.get("/admin/invitations").text.count("/join/")
    answer = ana.http.post("/admin/invitations", data={"uses": uses, "days": days})
    assert answer.status_code == 422
    assert ana.http.get("/admin/invitations").text.count("/join/") == before


def test_case_48_an_invitation_without_end_does_not_break_the_page(server: Server, ana: Person) -> None:
    run(
        server,
        "INSERT INTO invitations (made_by, created_at, expires_at, uses_left) VALUES (1, 1, 1123200000000000000, 7)",
    )
    answer = ana.http.get("/admin/invitations")
    assert answer.status_code == 200
    assert "7 uses left" in answer.text
    run(server, "DELETE FROM invitations WHERE uses_left = 7")


def run(server: Server, statement: str) -> None:
    if url := server.environ.get("DATABASE_URL"):
        with psycopg.connect(url) as connection:
            connection.execute(statement)  # type: ignore[call-overload]
        return
    with sqlite3.connect(Path(server.folder) / "tertulia.db") as embedded:
        embedded.execute(statement)


@each_bad
def test_case_48_at_a_socket(server: Server, ana: Person, room: int, bad: str) -> None:
    url = server.url.replace("http", "ws")
    headers = {"Cookie": f"session={ana.http.cookies['session']}"}
    value = quote(bad, safe="")
    with pytest.raises(InvalidStatus) as refused:
        connect(f"{url}/rooms/{value}/live", origin=server.url, additional_headers=headers, proxy=None)  # type: ignore[arg-type]
    assert refused.value.response.status_code == 403
    with connect(
        f"{url}/rooms/{room}/live?since={value}", origin=server.url, additional_headers=headers, proxy=None
    ) as opened:  # type: ignore[arg-type]
        assert Live(opened, Log()).ends() == 1008
    with ana.live(room) as live:
        live.sees('id="heartbeat"')
        live.connection.send(json.dumps({"since": bad}))
        live.sees("must be a whole number")
