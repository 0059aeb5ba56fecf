"""Cards: what everybody of the community sees of everybody else, as a page and as a part of one."""

import httpx

from tests.people import HTMX, Person, newcomer
from tests.servers import Server


def test_a_card_is_a_page_and_with_htmx_a_part(server: Server, ana: Person) -> None:
    bea, cid = newcomer(ana, "Bea"), newcomer(ana, "Cid")
    ana.http.post("/me", data={"display_name": "Ana", "about": "Ask me", "time_zone": "Europe/Lisbon"})
    page = bea.http.get(f"/people/{ana.id}")
    assert page.status_code == 200 and "<h1>Ana</h1>" in page.text
    for says in ("@ana", "admin", "Ask me", "(Europe/Lisbon)"):
        assert says in page.text, says
    assert "Change what others see" not in page.text
    part = bea.http.get(f"/people/{ana.id}", headers=HTMX)
    assert part.text.startswith("<details") and "<html" not in part.text
    assert "Change what others see" in ana.http.get(f"/people/{ana.id}").text
    assert cid.http.get(f"/people/{bea.id}").status_code == 200, "who shares no room with them, too"
    whole = bea.http.get(f"/people/{ana.id}", headers={**HTMX, "HX-Request-Type": "full"})
    assert "<html" in whole.text


def test_strangers_see_no_card(server: Server, ana: Person) -> None:
    for path in (f"/people/{ana.id}", f"/people/{ana.id}/link?opener=a1", "/people/999"):
        answer = httpx.get(f"{server.url}{path}", trust_env=False)
        assert answer.status_code == 303 and answer.headers["Location"].startswith("/login")
    assert ana.http.get("/people/999").status_code == 404
    assert ana.http.get("/people/0").status_code == 404


def test_the_focus_goes_back_to_a_link_of_ours_alone(ana: Person) -> None:
    for opener, kind in (("a42", "author"), ("h7", "name"), ("p7", "author")):
        part = ana.http.get(f"/people/{ana.id}", headers={**HTMX, "HX-Source": f"a#{opener}"}).text
        assert f'hx-target="#{opener}"' in part
        link = ana.http.get(f"/people/{ana.id}/link?opener={opener}").text
        assert link == f'<a class="{kind}" id="{opener}" href="/people/{ana.id}" autofocus>Ana</a>'
    for opener in ("x1", "a", "a1 b", "a1%22%3E", "alert", "a01"):
        part = ana.http.get(f"/people/{ana.id}", headers={**HTMX, "HX-Source": f"a#{opener}"}).text
        assert "hx-target" not in part
        assert ana.http.get(f"/people/{ana.id}/link?opener={opener}").status_code == 404


def test_a_new_name_is_in_every_page_at_once(ana: Person) -> None:
    bea = newcomer(ana, "Renata Before")
    room = ana.make_room("Named", bea)
    bea.post(room, "hello")
    for _ in range(2):
        assert ">Renata Before</a>" in ana.http.get(f"/rooms/{room}").text
    bea.http.post("/me", data={"display_name": "Renata After"})
    for path in (f"/rooms/{room}", f"/rooms/{room}/members", f"/people/{bea.id}"):
        page = ana.http.get(path).text
        assert "Renata After" in page and "Before" not in page, path
    assert '<span class="sidebar-me name">Renata After</span>' in bea.http.get("/rooms").text
