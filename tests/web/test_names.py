"""Names through the pages: what cannot be seen is refused in its field, and who looks alike is told apart (case 57)."""

import re

import httpx
import pytest

from tests.people import PASSWORD, Person, sign_up
from tests.servers import Server

NOTHING = ["\u115f", "\u1160", "\u3164", "\uffa0", "\u2800", "\u034f", "\ufe0f", "\u200b", "\u2060", "\U000e0041",
           "\u0301", "\u00ad", "\u200d"]  # fmt: skip
DISGUISED = [*(f"Ana{c}" for c in NOTHING if c != "\u0301"), "An\u200ba", "Ana \uff20ana", "A\u0301\u200d\u0301na"]


@pytest.mark.parametrize("name", [*NOTHING, *DISGUISED], ids=ascii)
def test_case_57_the_field_says_why_a_name_is_refused(server: Server, ana: Person, name: str) -> None:
    form = {"username": "eve", "display_name": name, "password": PASSWORD}
    answer = httpx.post(server.url + ana.invite(), data=form, headers={"Origin": server.url}, trust_env=False)
    assert answer.status_code == 422
    field = re.search(r'name="display_name".*?</(?:div|label|fieldset)>', answer.text, re.DOTALL)
    assert field and ("is missing" in field[0] or "A name has no" in field[0]), answer.text


def test_case_57_usernames_stand_beside_look_alikes_in_pages_and_live(server: Server, ana: Person) -> None:
    bea = sign_up(server.url, ana.invite(), "bea", "Bea")
    room = ana.make_room("Table", bea)
    bea.post(room, "before")
    assert ">Bea</a>" in ana.http.get(f"/rooms/{room}").text
    double = sign_up(server.url, ana.invite(), "bea2", "\u0412ea")
    ana.let_in(room, double)
    with ana.live(room) as window:
        double.post(room, "it is me")
        assert ">\u0412ea @bea2</a>" in window.sees("it is me")
        bea.post(room, "it is not")
        assert ">Bea @bea</a>" in window.sees("it is not")
        with double.live(room):
            window.sees("\u0412ea @bea2")
    page = ana.http.get(f"/rooms/{room}").text
    assert ">Bea @bea</a>" in page and ">Bea</a>" not in page
