"""Case 63: guesses, crowds and strangers before real servers: one on SQLite, two on PostgreSQL and Redis."""

import asyncio
import os
import secrets
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import text

from tests.channel_layer.redis_server import RedisServer
from tests.channel_layer.vocabulary import until
from tests.people import DEADLINE, PASSWORD, Person, newcomer, set_up, sign_in
from tests.servers import Server
from webapp.store.engine import open_engine

pytestmark = pytest.mark.anyio
TRIES = 3
"""MAX_LOGINS_PER_NAME."""
HASHING = 0.1
"""Seconds of the servers' CPU after which hashes are under way."""
TRIED, REFUSED, BUSY = 401, 429, 503
KEY = "a key that both servers of the test share"


@dataclass(frozen=True)
class Town:
    """`ana` is the admin; each test has somebody of its own in it."""

    servers: list[Server]
    database_url: str
    ana: Person

    def cpu(self) -> float:
        """Seconds that the servers have used."""
        ticks = 0
        for server in self.servers:
            fields = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def change_password(self, person: Person, password_hash: str) -> None:
        engine = open_engine(self.database_url)
        with engine.begin() as connection:
            values = {"name": person.username, "hash": password_hash}
            connection.execute(text("UPDATE users SET password_hash = :hash WHERE username = :name"), values)
        engine.dispose()


@pytest.fixture(scope="module")
def town(database: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    redis = RedisServer(folder) if database else None
    environ = {
        "PASSWORD_MEMORY": "64",
        "SECRET_KEY": KEY,
        "MAX_LOGINS_PER_ADDRESS": "100",
        "MAX_LOGINS_PER_NAME": str(TRIES),
    }
    environ.update(database)
    if redis is not None:
        environ["REDIS_URL"] = redis.start().url
    servers = [Server(folder / str(number), **environ) for number in range(2 if redis else 1)]
    try:
        for server in servers:
            server.start()
        url = database.get("DATABASE_URL", f"sqlite:///{folder / '0' / 'tertulia.db'}")
        yield Town(servers, url.replace("postgresql://", "postgresql+psycopg://"), set_up(servers[0].url))
    finally:
        for server in servers:
            server.kill()
        if redis is not None:
            redis.kill()


@dataclass(frozen=True)
class Answer:
    status: int
    server: Server
    at: float


async def storm(town: Town, logins: list[tuple[str, str, str]]) -> list[Answer]:
    """All of these (address, username, password) at once, over all servers."""
    return await asyncio.gather(*(raw_login(*login) for login in zip(town.servers * len(logins), logins, strict=False)))


async def raw_login(server: Server, login: tuple[str, str, str]) -> Answer:
    """Cheap for who sends it, so that hundreds arrive at once."""
    address, username, password = login
    body = urlencode({"username": username, "password": password})
    head = (
        f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nX-Forwarded-For: {address}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    async with asyncio.timeout(6 * DEADLINE):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write((head + body).encode())
        answer = (await reader.read()).decode()
        writer.close()
    status = int(answer.split(" ", 2)[1])
    assert status not in (REFUSED, BUSY) or "retry-after: " in answer
    return Answer(status, server, time.monotonic())


def counted(answers: list[Answer]) -> Counter[int]:
    return Counter(answer.status for answer in answers)


def addresses(count: int) -> list[str]:
    """Each of another owner."""
    return [f"10.{number // 256}.{number % 256}.7" for number in range(count)]


async def test_case_63_200_guesses_at_once_are_no_more_tries_than_the_limit(town: Town) -> None:
    bea = newcomer(town.ana, "Bea")
    guesses = [(address, bea.username, f"a guess of {address}") for address in addresses(200)]
    guesses[150] = (guesses[150][0], bea.username, PASSWORD)
    statuses = counted(await storm(town, guesses))
    assert statuses[TRIED] <= TRIES, statuses
    assert statuses[REFUSED] >= 200 - TRIES - 1, statuses
    assert counted(await storm(town, guesses)) == {REFUSED: 200}, "the right one, too"


async def test_case_63_refused_attempts_cost_no_hash(town: Town) -> None:
    bea = newcomer(town.ana, "Bea")
    guess = ("10.1.1.1", bea.username, "wrong password")
    before = town.cpu()
    assert counted(await storm(town, [guess] * TRIES)) == {TRIED: TRIES}
    allowed = (town.cpu() - before) / TRIES
    before = town.cpu()
    assert counted(await storm(town, [guess] * 40)) == {REFUSED: 40}
    refused = (town.cpu() - before) / 40
    print(f"an attempt: {allowed * 1000:.1f} ms of CPU; a refused one: {refused * 1000:.1f} ms")
    assert refused < allowed / 4


async def test_case_63_an_honest_login_under_300_others(town: Town) -> None:
    """The hostile have names and addresses of their own, in thirty networks; the honest one comes from elsewhere."""
    bea = newcomer(town.ana, "Bea")
    hostile = [(f"10.2.{n % 30}.{n // 30 + 1}", f"nobody{n}", "wrong password") for n in range(300)]
    idle = town.cpu()
    attacking = asyncio.create_task(storm(town, hostile))
    await until(lambda: town.cpu() > idle + HASHING)
    begun = time.monotonic()
    honest = await raw_login(town.servers[0], ("192.0.2.1", bea.username, PASSWORD))
    answers = await attacking
    before = tries_between(begun, honest.at, answers, honest.server)
    print(f"honest: {honest.at - begun:.2f} s, after {before} others; {counted(answers)}")
    assert honest.status == 303
    assert before <= 6, "those whose hash had begun, and no queue"
    assert counted(answers).keys() == {TRIED, BUSY}
    assert counted(answers)[TRIED] <= len(town.servers) * 40, "the queue is bounded"


async def test_case_63_an_owner_is_before_strangers_from_everywhere(town: Town) -> None:
    bea = newcomer(town.ana, "Bea")
    strangers = [(address, f"nobody{number}", "wrong") for number, address in enumerate(addresses(100))]
    idle = town.cpu()
    attacking = asyncio.create_task(storm(town, strangers))
    await until(lambda: town.cpu() > idle + HASHING)
    begun = time.monotonic()
    assert await asyncio.to_thread(login, bea, PASSWORD) == 303
    done = time.monotonic()
    assert tries_between(begun, done, await attacking, town.servers[0]) <= 6, "those whose hash had begun, and no queue"


def tries_between(begun: float, done: float, answers: list[Answer], server: Server) -> int:
    tried = [answer.at for answer in answers if answer.status == TRIED and answer.server is server]
    return sum(begun < each < done for each in tried)


def login(person: Person, password: str, username: str | None = None) -> int:
    form = {"username": username or person.username, "password": password}
    return person.http.post("/login", data=form).status_code


def test_case_63_a_stranger_who_spends_the_tries_does_not_lock_the_owner_out(town: Town) -> None:
    bea = newcomer(town.ana, "Bea")
    bea.sign_out()
    stranger = Person(town.servers[-1].url, bea.username)
    assert [login(stranger, f"guess {n}") for n in range(TRIES + 1)] == [TRIED] * TRIES + [REFUSED]
    assert login(stranger, PASSWORD) == REFUSED, "the right one, too"
    assert login(bea, PASSWORD) == 303
    for number in range(TRIES):
        assert login(bea, f"guess {number}") == TRIED
    assert login(bea, PASSWORD) == REFUSED, "no second budget without a limit"


def test_the_cookie_of_a_browser_opens_nothing_and_serves_its_own_people_alone(town: Town) -> None:
    bea, carl = newcomer(town.ana, "Bea"), newcomer(town.ana, "Carl")
    kept = bea.http.cookies["browser"]
    for person in (bea, carl):
        stranger = Person(town.servers[-1].url, person.username)
        assert [login(stranger, "guess") for _ in range(TRIES)] == [TRIED] * TRIES
    assert login(bea, PASSWORD, carl.username) == REFUSED, "she has not signed in as him"
    people, _, signature = kept.rpartition(".")
    forged = f"{people}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    for damaged in (forged, kept.partition(".")[2], "1-00.x", "x" * 5_000, '"\\', ""):
        other = Person(bea.url, bea.username)
        other.http.cookies.set("browser", damaged)
        assert login(other, PASSWORD) == REFUSED, damaged
    guest = Person(bea.url, "")
    guest.http.cookies.set("browser", kept)
    assert guest.http.get("/rooms").headers["location"].startswith("/login")
    answer = httpx.post(f"{bea.url}/login", data={"username": "ana", "password": PASSWORD}, trust_env=False)
    (cookie,) = (each.lower() for each in answer.headers.get_list("set-cookie") if each.startswith("browser="))
    assert all(word in cookie for word in ("httponly", "samesite=lax", "path=/", "max-age="))
    town.change_password(bea, "another hash")
    assert login(bea, PASSWORD) == REFUSED, "it is over with the password"


def test_a_browser_remembers_five_people(town: Town) -> None:
    shared = Person(town.servers[0].url, "")
    invitation = town.ana.invite(uses=6)
    names = [f"person{number}-{secrets.token_hex(4)}" for number in range(6)]
    for name in names:
        form = {"username": name, "display_name": "Person", "password": PASSWORD}
        assert shared.http.post(invitation, data=form).status_code == 303
    for name in names[:2]:
        assert [login(Person(shared.url, name), "guess") for _ in range(TRIES)] == [TRIED] * TRIES
    assert [login(shared, PASSWORD, name) for name in names[:2]] == [REFUSED, 303]


def test_who_signs_in_takes_no_tries_from_who_shares_the_address(town: Town) -> None:
    strict = Server(town.servers[0].folder / "strict", MAX_LOGINS_PER_ADDRESS="1").start()
    try:
        ana = set_up(strict.url)
        for _ in range(3):
            sign_in(strict.url, ana.username)
    finally:
        strict.kill()


async def test_guesses_at_an_invitation_are_counted_before_they_are_made(town: Town) -> None:
    async with httpx.AsyncClient(base_url=town.servers[0].url, trust_env=False, timeout=DEADLINE) as client:
        path, headers = town.ana.invite(), {"X-Forwarded-For": "198.51.100.1"}
        for _ in range(3):
            assert (await client.get(path, headers=headers)).status_code == 200
        answers = await asyncio.gather(*(client.get(f"/join/{n}.x", headers=headers) for n in range(150)))
        assert Counter(answer.status_code for answer in answers) == {404: 100, 429: 50}
        assert (await client.get(path, headers=headers)).status_code == 429


async def test_a_crowd_with_one_invitation_waits_in_the_queue(town: Town) -> None:
    path = town.ana.invite(uses=60)
    url = town.servers[0].url

    async def join(client: httpx.AsyncClient, number: int) -> int:
        form = {"username": f"guest{number}-{path[-6:].lower()}", "display_name": "Guest", "password": PASSWORD}
        form["username"] = "".join(c for c in form["username"] if c.isalnum())
        return (await client.post(f"{url}{path}", data=form)).status_code

    async with httpx.AsyncClient(trust_env=False, timeout=6 * DEADLINE) as client:
        statuses = Counter(await asyncio.gather(*(join(client, number) for number in range(60))))
    assert set(statuses) == {303, BUSY}, statuses
