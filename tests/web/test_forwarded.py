"""Whose address a request has behind proxies: the last hop that is not ours, and nothing that is no address."""

import http.client
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.people import PASSWORD, set_up
from tests.servers import ServeCommand, Server
from webapp import addresses
from webapp.web.forwarded import Forwarded

HERE = "127.0.0.1"
ANYBODY = {"FORWARDED_ALLOW_IPS": "*"}
CASES: list[tuple[dict[str, str], list[str], str]] = [
    ({}, [], HERE),
    ({}, ["203.0.113.9"], "203.0.113.9"),
    ({}, ["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
    ({}, ["198.51.100.1, 203.0.113.9, 127.0.0.1"], "203.0.113.9"),
    ({}, ["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
    ({}, ["203.0.113.9, <script>"], HERE),
    ({}, ["%0a[31m", "x" * 4_000], HERE),
    ({}, ["::ffff:203.0.113.9"], "203.0.113.9"),
    ({}, ["2001:0DB8::0001"], "2001:db8::1"),
    ({"FORWARDED_ALLOW_IPS": "10.0.0.1"}, ["203.0.113.9"], HERE),
    (ANYBODY, ["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
    (ANYBODY, ["198.51.100.1:80, 203.0.113.9:443"], "203.0.113.9"),
    (ANYBODY | {"TRUSTED_HOPS": "2"}, ["192.0.2.1, 198.51.100.1, 203.0.113.9"], "198.51.100.1"),
    ({"TRUSTED_HOPS": "2"}, ["192.0.2.1, 198.51.100.1, 203.0.113.9"], "198.51.100.1"),
    ({"TRUSTED_HOPS": "2"}, ["203.0.113.9"], "203.0.113.9"),
]
ENVIRONS = list({tuple(environ.items()): environ for environ, _, _ in CASES}.values())


@pytest.fixture(scope="module", params=[Server, ServeCommand], ids=["by hand", "serve"])
def start(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Starts a server with this environment, or gives the one that runs; set up, and with no limit on logins."""
    made: dict[frozenset[tuple[str, str]], Server] = {}

    def start(**environ: str) -> Server:
        limits = {"MAX_LOGINS_PER_ADDRESS": "1000", "MAX_LOGINS_PER_NAME": "1000"}
        key = frozenset(environ.items())
        if key not in made:
            made[key] = request.param(tmp_path_factory.mktemp("server"), **{**limits, **environ}).start()
            set_up(made[key].url)
        return made[key]

    yield start
    for server in made.values():
        server.kill()


def sign_in(server: Server, forwarded: list[str], password: str = PASSWORD, **headers: str) -> http.client.HTTPResponse:
    """Through a connection of our own, each header as it is given."""
    body = urlencode({"username": "ana", "password": password})
    with closing(http.client.HTTPConnection(HERE, server.port, timeout=20)) as connection:
        connection.putrequest("POST", "/login")
        for name, value in {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body)),
                            **headers}.items():  # fmt: skip
            connection.putheader(name, value)
        for value in forwarded:
            connection.putheader("X-Forwarded-For", value.encode("latin-1"))
        connection.endheaders(body.encode())
        answer = connection.getresponse()
        answer.read()
        return answer


def newest_address(folder: Path) -> str:
    """What was stored with the newest session."""
    with closing(sqlite3.connect(folder / "tertulia.db")) as database:
        return str(database.execute("SELECT address FROM sessions ORDER BY created_at DESC").fetchone()[0])


@pytest.mark.parametrize("environ", ENVIRONS, ids=str)
def test_the_last_hop_that_is_not_trusted_is_the_visitor(start: Callable[..., Server], environ: dict[str, str]) -> None:
    server = start(**environ)
    # uvicorn, started by hand, has put what is no address into the place of the peer's.
    lost = "unknown" if type(server) is Server else ""
    for each, forwarded, wanted in CASES:
        if each == environ:
            assert sign_in(server, forwarded).status == 303
            assert newest_address(server.folder) in (wanted, lost if wanted == HERE else wanted), forwarded


def test_an_invented_first_entry_buys_no_attempts(start: Callable[..., Server]) -> None:
    """As on Heroku: every peer is trusted, and the router appends where the request came from."""
    server = start(**ANYBODY, MAX_LOGINS_PER_ADDRESS="2")
    answers = [sign_in(server, [f"198.51.100.{number}, 203.0.113.9"], "wrong password") for number in range(4)]
    assert [answer.status for answer in answers] == [401, 401, 429, 429]
    assert sign_in(server, ["198.51.100.1, 203.0.113.10"]).status == 303


def test_an_ipv6_visitor_is_a_network_of_64_bits(start: Callable[..., Server]) -> None:
    server = start(MAX_LOGINS_PER_ADDRESS="2")
    answers = [sign_in(server, [f"2001:db8:0:1::{number}"], "wrong password") for number in range(1, 5)]
    assert [answer.status for answer in answers] == [401, 401, 429, 429]
    assert sign_in(server, ["2001:db8:0:2::1"]).status == 303
    assert newest_address(server.folder) == "2001:db8:0:2::1"


@pytest.mark.parametrize(
    ("proto", "origin", "opens"),
    [("https", "https", True), ("https", "http", False), ("", "http", True), ("http", "https", False),
     ("gopher", "http", True), ("https, http", "http", True)],
)  # fmt: skip
def test_the_scheme_is_http_or_https_on_pages_and_sockets(
    start: Callable[..., Server], proto: str, origin: str, opens: bool
) -> None:
    server = start()
    told = {"X-Forwarded-Proto": proto} if proto else {}
    answer = sign_in(server, [], Origin=f"{origin}://{HERE}:{server.port}", Host=f"{HERE}:{server.port}", **told)
    assert answer.status == (303 if opens else 403)
    if opens:
        assert ("secure" in (answer.getheader("set-cookie") or "").lower()) == (origin == "https")
    try:
        url = f"ws://{HERE}:{server.port}/rooms/1/live"
        with connect(url, origin=f"{origin}://{HERE}:{server.port}", additional_headers=told, proxy=None):  # type: ignore[arg-type]
            assert opens
    except InvalidStatus:
        assert not opens


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ("203.0.113.9", "203.0.113.9"), ("203.0.113.9:443", "203.0.113.9"), ("[2001:db8::1]:443", "2001:db8::1"),
        ("[::ffff:203.0.113.9]", "203.0.113.9"), ("fe80::1%eth0", "fe80::1"), ("unknown", None), ("", None),
        ("0x7f.1", None), ("203.0.113.9\n", None), ("203.0.113.009", None), ("[", None), ("1" * 10_000, None),
    ],
)  # fmt: skip
def test_what_is_an_address(told: str, wanted: str | None) -> None:
    assert addresses.parse(told) == wanted


def test_addresses_are_grouped_by_who_can_choose_among_them() -> None:
    assert addresses.network("2001:db8:1:2:3::4") == "2001:db8:1:2::/64"
    assert addresses.network("203.0.113.9") == "203.0.113.9/32"
    assert addresses.site("203.0.113.9") == "203.0.113.0/24"
    assert addresses.site("2001:db8:1:2:3::4") == "2001:db8:1::/48"
    assert addresses.site("unknown") == addresses.network("unknown") == "unknown"


def test_a_long_header_is_read_from_its_end() -> None:
    forwarded = Forwarded(("*",), 1)
    for told in (b"1.1.1.1," * 4_000 + b"203.0.113.9", b"203.0.113.9" + b" " * 4_000, b"x" * 4_000 + b"1.2.3.4"):
        scope = {
            "type": "http", "scheme": "http", "client": ("10.0.0.1", 5), "headers": [(b"x-forwarded-for", told)]
        }  # fmt: skip
        forwarded.read(scope)
        assert scope["client"] == (("203.0.113.9" if told.endswith(b"9") else "10.0.0.1"), 5)
