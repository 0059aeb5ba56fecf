"""Links to set a new password: who makes them, who uses them, and what every other one is told."""

import re
import subprocess
import sys

import httpx
import pytest

from tests.people import PASSWORD, Person, newcomer, sign_in
from tests.servers import ROOT, Server

NEW = "a wholly new horse"
LINK = re.compile(r'value="(https?://[^"]+/reset/[^"]+)"')


@pytest.fixture
def bea(ana: Person) -> Person:
    return newcomer(ana, "Bea")


def links(ana: Person, person: Person) -> list[str]:
    return LINK.findall(ana.http.get("/admin/people", params={"q": person.username}).text)


def make(ana: Person, person: Person) -> str:
    """The link's path."""
    answer = ana.http.post(f"/admin/people/{person.id}/reset")
    assert answer.headers["Location"] == f"/admin/people#person-{person.id}"
    (link,) = links(ana, person)
    assert link.startswith(f"{ana.url}/reset/")
    return link.removeprefix(ana.url)


def stranger(ana: Person) -> httpx.Client:
    return httpx.Client(base_url=ana.url, trust_env=False)


def test_a_link_sets_the_password_once_and_signs_out_everywhere_else(ana: Person, bea: Person) -> None:
    room = ana.make_room("Shared", bea)
    path = make(ana, bea)
    browser = stranger(ana)
    assert f"@{bea.username}" in browser.get(path).text
    with bea.live(room) as live:
        live.sees('id="heartbeat"')
        answer = browser.post(path, data={"password": NEW})
        assert answer.headers["Location"] == "/me?done=reset"
        assert live.ends() == 4401
    assert "Your new password is set" in browser.get("/me?done=reset").text, "and is signed in with it"
    assert bea.http.get("/me").status_code == 303
    assert sign_in(ana.url, bea.username, NEW).id
    again = browser.post(path, data={"password": "yet another one"})
    assert again.status_code == 404
    assert "was used already" in again.text and "tell an admin" in again.text
    assert links(ana, bea) == []


def test_a_short_password_is_refused_and_the_link_stays(ana: Person, bea: Person) -> None:
    path = make(ana, bea)
    answer = stranger(ana).post(path, data={"password": "short"})
    assert answer.status_code == 422 and "at least 10 characters" in answer.text
    assert stranger(ana).get(path).status_code == 200


def test_a_newer_link_and_a_changed_password_end_the_one_before(ana: Person, bea: Person) -> None:
    first = make(ana, bea)
    second = make(ana, bea)
    assert first != second
    refused = stranger(ana).get(first)
    assert refused.status_code == 404 and "A newer link was made" in refused.text
    form = {"old_password": PASSWORD, "new_password": NEW}
    assert bea.http.post("/me/password", data=form).status_code == 303
    refused = stranger(ana).get(second)
    assert refused.status_code == 404 and "This link is over" in refused.text and "Ask an admin" in refused.text


def test_a_link_that_is_not_ours_is_told_so(ana: Person, bea: Person) -> None:
    path = make(ana, bea)
    invitation = ana.invite().rpartition("/")[2]
    for code in ("x", "1", f"1.{'A' * 43}", path.rpartition("/")[2][:-3], invitation):
        answer = stranger(ana).get(f"/reset/{code}")
        assert answer.status_code == 404 and "not one of ours" in answer.text, code
    code = path.rpartition("/")[2]
    assert stranger(ana).get(f"/join/{code}").status_code == 404, "nor is it an invitation"


def test_only_an_admin_makes_links_and_none_for_an_admin(ana: Person, bea: Person) -> None:
    cid = newcomer(ana, "Cid")
    assert bea.http.get("/admin/people").status_code == 403
    assert bea.http.post(f"/admin/people/{cid.id}/reset").status_code == 403
    assert bea.http.post(f"/admin/people/{bea.id}/reset").status_code == 403
    answer = ana.http.post(f"/admin/people/{ana.id}/reset")
    assert answer.status_code == 403 and "reset-password" in answer.text
    assert ana.http.post("/admin/people/999/reset").status_code == 404
    assert stranger(ana).get("/admin/people").headers["Location"].startswith("/login")
    assert links(ana, cid) == [] and 'href="/admin/people"' not in bea.http.get("/rooms").text


def command(server: Server, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "webapp", *args],
        cwd=ROOT, env=server.environ, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_command_line_makes_a_link_for_anybody(server: Server, ana: Person) -> None:
    made = command(server, "reset-password", "ana")
    assert made.returncode == 0, made.stderr
    path = re.search(r"/reset/\S+", made.stdout)
    assert path, made.stdout
    assert "For Ana" in stranger(ana).get(path[0]).text
    unknown = command(server, "reset-password", "nobody")
    assert unknown.returncode == 1 and "Nobody here has the username nobody" in unknown.stderr
    assert stranger(ana).post(path[0], data={"password": PASSWORD}).status_code == 303
    ana.sign_in()
