"""What no database can store, in every field of every form: answered, never an error of ours."""

import re
from urllib.parse import quote

import httpx
import pytest

from tests.people import PASSWORD, Person
from tests.servers import SETUP_TOKEN, Server

NEWCOMER = {"username": "eve", "display_name": "Eve", "password": PASSWORD}
ROOM = {"name": "Garden", "topic": "Roses", "visibility": "open"}
FORMS = {
    "/login": {"username": "ana", "password": PASSWORD, "next": "/"},
    "/setup": {"token": SETUP_TOKEN, "community": "Casa", "time_zone": "UTC", **NEWCOMER},
    "/rooms": ROOM,
    "/rooms/1": ROOM,
    "/rooms/1/members": {"username": "ana", "role": "member"},
    "/admin/invitations": {"uses": "1", "days": "1"},
    "/admin/settings": {"community": "Casa", "time_zone": "UTC"},
    "/me": {"display_name": "Ana", "about": "", "time_zone": ""},
    "/me/status": {"status": "here", "lasting": "hour"},
    "/me/password": {"old_password": PASSWORD, "new_password": PASSWORD},
    "JOIN": NEWCOMER,
}
FIELDS = [(path, field) for path, form in FORMS.items() for field in form]


@pytest.fixture(scope="module")
def join(ana: Person) -> str:
    return ana.invite()


@pytest.mark.parametrize(("path", "field"), FIELDS)
def test_a_nul_is_refused(server: Server, ana: Person, join: str, path: str, field: str) -> None:
    form = {**FORMS[path], field: FORMS[path][field] + "\x00"}
    answer = ana.http.post(join if path == "JOIN" else path, data=form)
    assert answer.status_code == 422, answer.text


def test_a_nul_in_a_message_is_left_out(server: Server, ana: Person) -> None:
    room = ana.make_room("Nothing")
    message = ana.post(room, "be\x00fore")
    assert ana.page(room).texts == ["before"]
    ana.edit(message, "af\x00ter")
    assert ana.page(room).texts == ["after"]


@pytest.mark.parametrize("charset", ["unicode_escape", "undefined", "utf-7", "no-such", "utf-8"])
@pytest.mark.parametrize("path", ["/login", "/rooms", "/rooms/1/messages", "/admin/settings"])
def test_half_a_character_in_a_multipart_form(server: Server, ana: Person, path: str, charset: str) -> None:
    """A form may name its own encoding, some of which make lone surrogates."""
    fields = {**FORMS.get(path, {}), "username": "a\\ud800", "name": "a\\ud800", "community": "a\\ud800",
              "key": "k" * 20, "body": "a\\ud800"}  # fmt: skip
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
    ]
    headers = {"Content-Type": f"multipart/form-data; boundary=x; charset={charset}"}
    answer = ana.http.post(path, content="".join([*parts, "--x--\r\n"]).encode(), headers=headers)
    assert answer.status_code < 500, answer.text


@pytest.mark.parametrize("name", ["ana\x00", "x" * 60_000, "\u0130" * 20_000, "ana lima", ""])
def test_a_name_that_nobody_can_have_is_a_wrong_name(server: Server, ana: Person, name: str) -> None:
    answer = httpx.post(f"{server.url}/login", data={"username": name, "password": PASSWORD}, trust_env=False)
    assert answer.status_code in (401, 413, 422)


@pytest.mark.parametrize("text", ["\x00", "/\x00", "/rooms\x00", "/\u2028"])
def test_next_is_a_path(server: Server, ana: Person, text: str) -> None:
    shown = httpx.get(f"{server.url}/login?next={quote(text)}", trust_env=False)
    assert shown.status_code == 200
    assert 'name="next" value="/"' in re.sub(r"\s+", " ", shown.text)
