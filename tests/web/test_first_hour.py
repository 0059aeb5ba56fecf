"""From the first start to the first guest: the addresses that README names, and where a newcomer lands."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.people import Person, newcomer, set_up, sign_up
from tests.servers import ServeCommand, Server


class ServeNetwork(ServeCommand):
    """The same for everybody on the network. Any address of 127.0.0.0/8 stands for the machine's own in it."""

    @property
    def command(self) -> list[str]:
        return [*super().command, "--host", "0.0.0.0"]


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Server]:
    running = ServeNetwork(tmp_path)
    running.environ["PUBLIC_URL"] = f"http://127.0.0.2:{running.port}"
    yield running.start()
    running.kill()


def test_others_on_the_network_come_by_the_address_that_it_was_told(network: Server) -> None:
    url = network.environ["PUBLIC_URL"]
    assert f"at {url}/setup?token=" in network.log.read_text()
    ana = set_up(url)
    assert newcomer(ana, "Bea").http.get("/rooms").status_code == 200
    ana.invite()
    page = ana.http.get("/admin/invitations").text
    assert f"{url}/join/" in page
    assert "this computer alone" not in page.replace(url, "")
    assert httpx.get(f"{network.url}/login", trust_env=False).status_code == 400, "only that address is answered"


def test_on_loopback_the_invitations_say_that_they_open_here_alone(ana: Person, server: Server) -> None:
    ana.invite()
    page = ana.http.get("/admin/invitations").text
    assert f"{server.url}/join/" in page
    assert "open on this computer alone" in page
    elsewhere = httpx.get(f"{server.url}/login", headers={"Host": f"127.0.0.2:{server.port}"}, trust_env=False)
    assert elsewhere.status_code == 400


def joined(ana: Person, name: str) -> tuple[Person, str]:
    """(somebody new, where their sign-up leads)."""
    person = Person(ana.url, name)
    form = {"username": name, "display_name": name.title(), "password": "correct horse battery"}
    answer = person.http.post(ana.invite(), data=form)
    assert answer.status_code == 303
    return person, answer.headers["location"]


def test_a_newcomer_lands_in_the_oldest_open_room_as_its_member(ana: Person) -> None:
    ana.make_room("A later one", visibility="open")
    ana.post(1, "welcome")
    dan, landed = joined(ana, "dan")
    assert landed == "/rooms/1"
    assert "welcome" in dan.http.get(landed).text
    assert 'action="/rooms/1/messages"' in dan.http.get(landed).text, "and may answer"
    assert re.search(r"@dan(?! · owner)", ana.http.get("/rooms/1/members").text)


def test_without_an_open_room_a_newcomer_lands_in_the_directory(ana: Person) -> None:
    listed = ana.http.get("/rooms").text
    rooms = {int(number) for number in re.findall(r'href="/rooms/(\d+)"', listed)}
    try:
        for room in rooms:
            ana.http.post(f"/rooms/{room}", data={"visibility": "closed"})
        eve, landed = joined(ana, "eve")
        assert landed == "/rooms"
        assert "You are in no room yet" in eve.http.get(landed).text
    finally:
        for room in rooms:
            ana.http.post(f"/rooms/{room}", data={"visibility": "open"})


def test_the_empty_room_leads_to_who_could_be_in_it(ana: Person) -> None:
    fay = sign_up(ana.url, ana.invite(), "fay")
    hers, anas = fay.make_room("Of Fay"), ana.make_room("Of Ana")
    assert '<a href="/admin/invitations">invite somebody</a>' in ana.http.get(f"/rooms/{anas}").text
    page = fay.http.get(f"/rooms/{hers}").text
    assert f'<a href="/rooms/{hers}/members">let somebody in</a>' in page
    assert "/admin/invitations" not in page
