"""Case 47: page and socket know the session by the same cookie, whatever stands beside it; and its name by https."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.people import DEADLINE, PASSWORD, Person, newcomer
from tests.servers import SETUP_TOKEN, Server
from webapp.services.signatures import Signatures, new_token

HOST = "chat.example.org"
KEY = "a key of the tests that is long enough"
SIGNED_OUT = 4401


@dataclass(frozen=True)
class Door:
    """A server as its proxy reaches it; every request says the whole Cookie header for itself."""

    port: int
    origin: str

    @property
    def host(self) -> str:
        return self.origin.partition("://")[2]

    @property
    def scheme(self) -> str:
        return self.origin.partition("://")[0]

    def ask(self, method: str, path: str, cookie: str = "", **more: object) -> httpx.Response:
        """A header is bytes: what browsers send need not be ASCII."""
        headers = {
            "Host": self.host,
            "X-Forwarded-Proto": self.scheme,
            "Cookie": cookie.encode(),
            **more.pop("headers", {}),  # type: ignore[dict-item]
        }
        return httpx.request(method, f"http://127.0.0.1:{self.port}{path}", headers=headers, trust_env=False, **more)  # type: ignore[arg-type]

    def page_knows(self, cookie: str) -> bool:
        return self.ask("GET", "/session", cookie).status_code == 204

    def socket_knows(self, cookie: str, origin: str = "", host: str = "") -> bool:
        """Whether a room's socket stays open; in latin-1, so that the client sends the bytes of UTF-8 as they are."""
        raw = socket.create_connection(("127.0.0.1", self.port), DEADLINE)
        headers = {"Cookie": cookie.encode().decode("latin-1"), "X-Forwarded-Proto": self.scheme}
        url = f"ws://{host or self.host}/rooms/1/live?since=0"
        with connect(url, sock=raw, origin=origin or self.origin, additional_headers=headers, proxy=None) as opened:  # type: ignore[arg-type]
            try:
                while 'id="heartbeat"' not in opened.recv(DEADLINE):
                    pass
                return True
            except ConnectionClosed as closed:
                assert closed.rcvd is not None
                assert closed.rcvd.code == SIGNED_OUT
                return False


def both_know(door: Door, cookie: str) -> bool:
    page, live = door.page_knows(cookie), door.socket_knows(cookie)
    assert page == live, f"the page says {page}, the socket {live}: {cookie}"
    return page


@pytest.fixture(scope="module")
def plain(server: Server, ana: Person) -> Door:
    return Door(server.port, server.url)


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """One that browsers reach by https, with its admin, Ana."""
    made = Server(tmp_path_factory.mktemp("secure"), PUBLIC_URL=f"https://{HOST}", SECRET_KEY=KEY).start()
    door = Door(made.port, f"https://{HOST}")
    form = {"token": SETUP_TOKEN, "community": "Casa", "username": "ana", "display_name": "Ana", "password": PASSWORD}
    assert door.ask("POST", "/setup", data=form).status_code == 303
    yield door
    made.kill()


@pytest.fixture(scope="module")
def ours(secure: Door) -> str:
    """A session's cookie at the secure one."""
    return set_cookies(sign_in(secure))["__Host-session"].partition(";")[0]


def sign_in(door: Door, cookie: str = "") -> httpx.Response:
    answer = door.ask("POST", "/login", cookie, data={"username": "ana", "password": PASSWORD})
    assert answer.status_code == 303
    return answer


def set_cookies(answer: httpx.Response) -> dict[str, str]:
    """The whole Set-Cookie headers, by name."""
    return {header.partition("=")[0]: header for header in answer.headers.get_list("set-cookie")}


@pytest.mark.parametrize(
    "other",
    [
        'pref={"a":1}', "a name=1", "bareword", "café=olé; naïve", "=empty", "a=b=c", 'a="x; y"', "$V=1", ",", ";;",
    ],
)  # fmt: skip
def test_case_47_another_programs_cookie_hides_nothing(plain: Door, ana: Person, other: str) -> None:
    session = f"session={ana.http.cookies['session']}"
    assert both_know(plain, f"{other}; {session}")
    assert both_know(plain, f"{session}; {other}")
    assert both_know(plain, f"{other};{session};{other}")
    assert not both_know(plain, other)


def test_case_47_of_two_session_cookies_both_take_the_first_that_we_signed(plain: Door, ana: Person) -> None:
    ours, ended = f"session={ana.http.cookies['session']}", newcomer(ana, "Bea")
    gone = f"session={ended.http.cookies['session']}"
    ended.sign_out()
    assert both_know(plain, f"session=planted.by-another; {ours}")
    assert both_know(plain, f"{ours}; session=planted.by-another")
    assert both_know(plain, f"session=; session={'x' * 5_000}; {ours}")
    assert both_know(plain, f"{ours}; {gone}")
    assert not both_know(plain, f"{gone}; {ours}")
    assert not both_know(plain, f"Session={ana.http.cookies['session']}")


def test_case_47_by_https_the_session_is_this_hosts_alone(secure: Door, ours: str) -> None:
    cookie = set_cookies(sign_in(secure))["__Host-session"].lower()
    assert {"secure", "path=/", "httponly", "samesite=lax"} <= {part.strip() for part in cookie.split(";")}
    assert "domain" not in cookie
    assert both_know(secure, ours)
    value = ours.partition("=")[2]
    assert both_know(secure, f"session=planted.by-another; {ours}")
    assert both_know(secure, f"session={value}x; {ours}")
    assert not both_know(secure, f"session={value}"), "nobody's new session can be planted under the plain name"
    room = set_cookies(secure.ask("GET", "/rooms/1", ours))["__Host-last_room"]
    assert "Secure" in room
    assert secure.ask("GET", "/", f"last_room=999; __Host-last_room=1; {ours}").headers["location"] == "/rooms/1"


def test_case_47_who_signed_in_before_https_stays_signed_in_and_is_given_the_new_name(secure: Door) -> None:
    """By https a session is signed apart, so what a release before, or http, has signed is told from it."""
    signatures = Signatures((KEY,))
    token = set_cookies(sign_in(secure))["__Host-session"].partition(";")[0].partition("=")[2].rpartition(".")[0]
    before = f"session={signatures.session_cookie(token, secure=False)}"
    assert both_know(secure, before)
    given = set_cookies(secure.ask("GET", "/rooms/1", before))
    assert 'session=""' in given["session"]
    assert "Max-Age=0" in given["session"]
    ours = given["__Host-session"].partition(";")[0]
    assert both_know(secure, ours)
    assert "__Host-session" not in set_cookies(secure.ask("GET", "/rooms/1", ours)), "once"
    stranger = f"session={signatures.session_cookie(new_token(), secure=False)}"
    assert both_know(secure, f"{stranger}; {ours}"), "and from then on nothing is read from the plain name"


def test_case_47_signing_out_deletes_every_name_that_is_read(secure: Door, plain: Door, ana: Person) -> None:
    ours = set_cookies(sign_in(secure))["__Host-session"].partition(";")[0]
    deleted = set_cookies(secure.ask("POST", "/logout", ours))
    assert deleted.keys() == {"session", "__Host-session"}
    assert all("Max-Age=0" in each and "Path=/" in each for each in deleted.values())
    assert "Secure" in deleted["__Host-session"], "else a browser does not take it"
    assert not both_know(secure, ours)
    bea = newcomer(ana, "Bea")
    answer = plain.ask("POST", "/logout", f"session={bea.http.cookies['session']}")
    assert set_cookies(answer).keys() == {"session"}


@pytest.mark.parametrize("host", [f"{HOST}:443", HOST.upper(), f"{HOST}.", f"{HOST}.:443"])
@pytest.mark.parametrize(
    "origin", [f"https://{HOST}:443", f"https://{HOST.upper()}", f"HTTPS://{HOST}", f"https://{HOST}."]
)
def test_the_schemes_own_port_the_letters_case_and_the_last_dot_make_no_other_site(
    secure: Door, ours: str, host: str, origin: str
) -> None:
    headers = {"Host": host, "Origin": origin}
    assert secure.ask("POST", "/rooms/1/join", ours, headers=headers).status_code == 303
    assert secure.socket_knows(ours, origin, host)


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        (f"{HOST}:80", f"https://{HOST}", 400),
        (f"{HOST}:0443", f"https://{HOST}", 400),
        (f"{HOST}:443:443", f"https://{HOST}", 400),
        (f"{HOST}..", f"https://{HOST}", 400),
        (f"a.{HOST}", f"https://{HOST}", 400),
        (HOST, f"http://{HOST}:443", 403),
        (HOST, f"https://{HOST}:80", 403),
        (HOST, f"https://{HOST}:443:443", 403),
        (HOST, f"https://{HOST}:0443", 403),
        (HOST, f"https://{HOST}/", 403),
        (HOST, f"https://{HOST}:443.evil.example", 403),
        (HOST, "null", 403),
    ],
)
def test_all_else_is_another_site(secure: Door, ours: str, host: str, origin: str, status: int) -> None:
    headers = {"Host": host, "Origin": origin}
    assert secure.ask("POST", "/rooms/1/join", ours, headers=headers).status_code == status
    if ":" in host:
        return  # the socket's client writes a port in a way of its own
    with pytest.raises(InvalidStatus) as refused:
        secure.socket_knows(ours, origin, host)
    assert refused.value.response.status_code == 403
