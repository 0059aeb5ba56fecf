"""What passes a request on its way in, over every route; and what every answer carries."""

import re
import socket

import httpx
import pytest
from starlette.routing import Route
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.people import PASSWORD, Person, newcomer, set_up, sign_in
from tests.servers import SETUP_TOKEN, Server
from webapp.web.routes import ROUTES as ALL

EXAMPLES = {
    "room": "1",
    "message": "1",
    "user": "1",
    "invitation": "1",
    "key": "k" * 20,
    "code": "x",
    "device": "0",
    "hash": "0",
}


def path_of(route: Route) -> str:
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda part: EXAMPLES.get(part[1], "css/all.css"), route.path)


FORM = "application/x-www-form-urlencoded"
UNSAFE = [path_of(route) for route in ALL if route.methods and "POST" in route.methods]
SAFE = [path_of(route) for route in ALL if route.methods and "GET" in route.methods]


@pytest.mark.parametrize("path", UNSAFE)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "OWN", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "OTHER-PORT"},
    ],
    ids=str,
)
def test_another_site_changes_nothing(server: Server, ana: Person, path: str, headers: dict[str, str]) -> None:
    own = {"OWN": server.url, "OTHER-PORT": server.url + "1"}
    answer = ana.http.post(path, data={"body": "x"}, headers={k: own.get(v, v) for k, v in headers.items()})
    assert answer.status_code == 403
    assert "another site" in answer.text


def test_our_own_pages_may(server: Server, ana: Person) -> None:
    headers = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}
    assert ana.http.post("/rooms", data={"name": "x"}, headers=headers).status_code == 303


@pytest.mark.parametrize("path", SAFE)
@pytest.mark.parametrize("signed_in", [True, False])
def test_every_answer_carries_the_headers(server: Server, ana: Person, path: str, signed_in: bool) -> None:
    client = ana.http if signed_in else httpx.Client(base_url=server.url, trust_env=False)
    answers = [client.get(path) for _ in range(2)]
    nonces = set()
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "require-trusted-types-for 'script'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        if "text/html" in answer.headers.get("content-type", ""):
            assert answer.headers["cache-control"] in ("no-store", "private, max-age=86400")
        nonces.add(re.search(r"'nonce-([^']+)'", policy)[1])  # type: ignore[index]
    assert len(nonces) == 2, "a nonce is used once"


@pytest.mark.parametrize("path", [path for path in SAFE if path not in ("/up", "/ready", "/login", "/setup")])
def test_without_a_session_nothing_is_shown(server: Server, ana: Person, path: str) -> None:
    answer = httpx.get(server.url + path, trust_env=False)
    if path.startswith(("/static", "/join", "/reset")):
        assert answer.status_code == 404
    elif path == "/session":
        assert answer.status_code == 401
        assert answer.headers["hx-redirect"] == "/login"
    else:
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.evil:80"])
def test_a_foreign_host_name_is_not_answered(server: Server, host: str) -> None:
    answer = httpx.get(server.url + "/login", headers={"Host": host}, trust_env=False)
    assert answer.status_code == 400
    assert httpx.get(server.url + "/up", headers={"Host": host or "10.0.0.1"}, trust_env=False).status_code == 200


HALF = b"\xed\xa0\x80"  # what a lone surrogate would be in UTF-8


@pytest.mark.parametrize("path", sorted({*SAFE, *UNSAFE}))
def test_half_a_character_is_nowhere_our_error(server: Server, ana: Person, path: str) -> None:
    method = "POST" if path in UNSAFE else "GET"
    name = "key=kkkkkkkkkkkk&body=%ED%A0%80&name=%ED%A0%80&username=%ED%A0%80&token=%ED%A0%80&display_name=%ED%A0%80"
    cookie = b"session=%s; %s=%s" % (ana.http.cookies["session"].encode(), HALF, HALF)
    parts = path.strip("/").split("/")
    for number in range(len(parts)):
        broken = "/" + "/".join([*parts[:number], "%ED%A0%80%EF%BF%BF", *parts[number + 1 :]])
        answer = ana.http.request(method, f"{broken}?next=%ED%A0%80&since=%ED%A0%80&token=%ED%A0%80")
        assert answer.status_code < 500, broken
    if path != "/logout":
        headers = {
            "Cookie": cookie,
            "User-Agent": HALF,
            "Accept": HALF,
            "HX-Request": HALF,
            "Content-Type": FORM.encode(),
        }
        answer = httpx.request(method, server.url + path, headers=headers, content=name, trust_env=False)  # type: ignore[arg-type]
        assert answer.status_code < 500, path


@pytest.mark.parametrize(
    ("wanted", "to"),
    [
        ("//evil.example", "/"), ("https://evil.example", "/"), ("/\\evil", "/"), ("\\\\evil", "/"), ("rooms", "/"),
        ("/\t/evil.example", "/"), ("javascript:alert(1)", "/"), ("/rooms/1", "/rooms/1"), ("/rooms?x=1", "/rooms?x=1"),
    ],
)  # fmt: skip
def test_login_leads_to_local_paths_alone(server: Server, ana: Person, wanted: str, to: str) -> None:
    form = {"username": "ana", "password": PASSWORD, "next": wanted}
    answer = httpx.post(server.url + "/login", data=form, trust_env=False)
    assert (answer.status_code, answer.headers["location"]) == (303, to)


def test_the_cookie_is_for_the_server_alone(server: Server, ana: Person) -> None:
    answer = httpx.post(server.url + "/login", data={"username": "ana", "password": PASSWORD}, trust_env=False)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert "secure" not in cookie, "this server is reached by http"


def test_an_invented_session_is_never_adopted(server: Server, ana: Person) -> None:
    invented = {"Cookie": "session=invented.by-me"}
    assert httpx.get(server.url + "/rooms", headers=invented, trust_env=False).status_code == 303
    form = {"username": "ana", "password": PASSWORD}
    first = httpx.post(server.url + "/login", data=form, headers=invented, trust_env=False).cookies["session"]
    assert first != "invented.by-me"
    second = httpx.post(server.url + "/login", data=form, headers={"Cookie": f"session={first}"}, trust_env=False)
    assert second.cookies["session"] != first, "it changes at login"
    old = httpx.get(server.url + "/rooms", headers={"Cookie": f"session={first}"}, trust_env=False)
    assert old.status_code == 303, "and the old one is over"


def test_signing_out_ends_the_session_not_only_the_cookie(server: Server, ana: Person) -> None:
    bea = newcomer(ana, "Bea")
    kept = bea.http.cookies["session"]
    bea.sign_out()
    again = httpx.get(server.url + "/rooms", cookies={"session": kept}, trust_env=False)
    assert again.headers["location"].startswith("/login")


def test_a_body_over_the_limit_is_refused_and_the_limit_named(server: Server, ana: Person) -> None:
    answer = ana.http.post("/rooms/1/messages", data={"key": "k" * 20, "body": "x" * 1_000_000})
    assert answer.status_code == 413
    assert "64 KiB" in answer.text

    def pieces() -> "list[bytes]":
        return [b"key=kkkkkkkkkkkk&body="] + [b"x" * 10_000] * 10

    answer = ana.http.post(
        "/rooms/1/messages", content=iter(pieces()), headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 413


def test_ten_wrong_passwords_close_the_door_for_a_while(tmp_path: object, server: Server) -> None:
    fresh = Server(server.folder / "strict", MAX_LOGINS_PER_ADDRESS="10").start()
    try:
        ana = set_up(fresh.url)
        bea = newcomer(ana, "Bea")
        answers = [try_login(fresh, f"nobody{number}") for number in range(4)]
        assert {answer.status_code for answer in answers} == {401}
        wrong = [try_login(fresh, bea.username) for _ in range(5)]
        assert {answer.status_code for answer in wrong} == {401}
        locked = try_login(fresh, bea.username)
        right = try_login(fresh, bea.username, PASSWORD)
        assert (locked.status_code, right.status_code) == (429, 429), "five wrong ones for one name"
        assert said(locked) == said(wrong[0]) == said(answers[0]), "and the words are the same"
        assert int(locked.headers["retry-after"]) > 0
        sign_in(fresh.url, "ana")
        assert try_login(fresh, "nobody9").status_code == 401
        assert try_login(fresh, "ana", PASSWORD).status_code == 429, "ten from one address"
    finally:
        fresh.kill()


def try_login(server: Server, username: str, password: str = "wrong password") -> httpx.Response:
    form = {"username": username, "password": password}
    return httpx.post(server.url + "/login", data=form, trust_env=False)


def said(answer: httpx.Response) -> str:
    return re.search(r'role="alert">([^<]+)<', answer.text)[1]  # type: ignore[index]


def test_the_first_run_needs_the_token_and_happens_once(server: Server) -> None:
    fresh = Server(server.folder / "fresh").start()
    try:
        client = httpx.Client(base_url=fresh.url, trust_env=False)
        assert client.get("/").headers["location"] == "/setup"
        form = {"token": "wrong", "community": "Casa", "username": "ana", "display_name": "Ana", "password": PASSWORD}
        refused = client.post("/setup", data=form)
        assert refused.status_code == 422
        assert 'value="Casa"' in refused.text, "nothing that was typed is lost"
        assert PASSWORD not in refused.text
        short = client.post("/setup", data={**form, "token": SETUP_TOKEN, "password": "short"})
        assert (short.status_code, "at least 10" in short.text) == (422, True)
        made = client.post("/setup", data={**form, "token": SETUP_TOKEN})
        assert made.headers["location"] == "/"
        again = httpx.post(
            fresh.url + "/setup", data={**form, "token": SETUP_TOKEN, "username": "eve"}, trust_env=False
        )
        assert again.status_code == 409
        assert client.get("/setup").headers["location"] == "/login"
    finally:
        fresh.kill()


def test_behind_a_proxy_with_a_public_address(server: Server) -> None:
    """Case 12: only that host is answered, Origin is compared with it exactly, and the cookie is for https alone."""
    fresh = Server(server.folder / "public", PUBLIC_URL="https://chat.example.org").start()
    try:
        proxied = {"Host": "chat.example.org", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
        client = httpx.Client(base_url=fresh.url, headers=proxied, trust_env=False)
        assert httpx.get(fresh.url + "/login", trust_env=False).status_code == 400, "its own port is no public name"
        form = {
            "token": SETUP_TOKEN,
            "community": "Casa",
            "username": "ana",
            "display_name": "Ana",
            "password": PASSWORD,
        }
        for origin, status in (
            ("http://chat.example.org", 403), ("https://chat.example.org:8443", 403), (fresh.url, 403),
            ("https://chat.example.org.evil.example", 403), ("https://chat.example.org", 303),
        ):  # fmt: skip
            answer = client.post("/setup", data=form, headers={"Origin": origin})
            assert answer.status_code == status, origin
        cookie = answer.headers["set-cookie"]
        assert "secure" in cookie.lower()
        assert answer.headers["strict-transport-security"]
        session = cookie.partition(";")[0]
        url = f"ws://127.0.0.1:{fresh.port}/rooms/1/live"
        for origin, opens in (
            ("http://chat.example.org", False),
            (fresh.url, False),
            ("https://chat.example.org", True),
        ):
            assert socket_opens(fresh, url, origin, session) == opens, origin
    finally:
        fresh.kill()


def socket_opens(server: Server, url: str, origin: str, cookie: str) -> bool:
    """Through a connection of our own, as a proxy would: to the server's port, for the public host."""
    raw = socket.create_connection(("127.0.0.1", server.port))
    public = url.replace(f"127.0.0.1:{server.port}", "chat.example.org")
    try:
        with connect(public, sock=raw, origin=origin, additional_headers={"Cookie": cookie}, proxy=None):  # type: ignore[arg-type]
            return True
    except InvalidStatus as refused:
        assert refused.response.status_code == 403
        return False


def test_forwarded_headers_count_from_trusted_peers_only(server: Server) -> None:
    """Case 12: who is not a proxy of ours cannot choose the address that wrong passwords are counted for."""
    fresh = Server(server.folder / "untrusted", FORWARDED_ALLOW_IPS="10.0.0.1", MAX_LOGINS_PER_ADDRESS="2").start()
    try:
        set_up(fresh.url)
        answers = [
            httpx.post(
                fresh.url + "/login", data={"username": f"x{number}", "password": "y"}, trust_env=False,
                headers={"X-Forwarded-For": f"203.0.113.{number}"},
            )
            for number in range(4)
        ]  # fmt: skip
        assert [answer.status_code for answer in answers] == [401, 401, 429, 429]
    finally:
        fresh.kill()
