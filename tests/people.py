"""What tests say: people who sign up, write, and listen. Plain HTTP and WebSocket clients of a real server.

ana = set_up(server.url)                  # the admin, once for each server
bea = newcomer(ana, "Bea")                # signed up by invitation
room = ana.make_room("Garden", bea)
message = ana.post(room, "hello")
live = bea.live(room, since=0)
live.sees("hello")
"""

import json
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.pages import Log, messages_in, older_link
from tests.servers import SETUP_TOKEN

PASSWORD = "correct horse battery"
DEADLINE = 20.0
"""Seconds after which a test stops hoping. Nothing is measured with it."""

HTMX = {"HX-Request": "true"}


class Person:
    """Somebody at a browser of their own, which keeps their cookies."""

    def __init__(self, url: str, username: str, name: str = "") -> None:
        self.url = url
        self.username = username
        self.name = name or username.title()
        self.http = httpx.Client(base_url=url, timeout=DEADLINE, trust_env=False)

    def __repr__(self) -> str:
        return f"<{self.name}>"

    @property
    def id(self) -> int:
        """Their number in the database, from the style sheet that is theirs."""
        found = re.search(r'data-(?:author|person)="(\d+)"', self.http.get("/me.css").text)
        assert found, f"{self} has no style sheet: signed out?"
        return int(found[1])

    # -- doors

    def sign_in(self, password: str = PASSWORD) -> Self:
        self._goes_on(self.http.post("/login", data={"username": self.username, "password": password}))
        return self

    def sign_out(self) -> None:
        self._goes_on(self.http.post("/logout"))

    def invite(self, uses: int = 1, days: int = 7) -> str:
        """The path of a fresh invitation."""
        self._goes_on(self.http.post("/admin/invitations", data={"uses": uses, "days": days}))
        found = re.search(r"/join/[^\"&<]+", self.http.get("/admin/invitations").text)
        assert found, "the list shows no link"
        return found[0]

    # -- rooms

    def make_room(self, name: str, *members: "Person", visibility: str = "closed") -> int:
        made = self.http.post("/rooms", data={"name": name, "visibility": visibility})
        room = int(self._goes_on(made).rpartition("/")[2])
        for member in members:
            self.let_in(room, member)
        return room

    def direct(self, *others: "Person") -> int:
        """The direct room with these people."""
        found = self.http.post("/direct", data={"username": [each.username for each in others]})
        return int(self._goes_on(found).rpartition("/")[2])

    def rename(self, room: int, name: str, topic: str = "") -> None:
        self._goes_on(self.http.post(f"/rooms/{room}", data={"name": name, "topic": topic}))

    def let_in(self, room: int, person: "Person", role: str = "member") -> None:
        form = {"username": person.username, "role": role}
        self._goes_on(self.http.post(f"/rooms/{room}/members", data=form))

    def remove(self, room: int, person: "Person") -> None:
        self._goes_on(self.http.post(f"/rooms/{room}/members/{person.id}/remove"))

    # -- messages

    def post(self, room: int, text: str, key: str | None = None) -> int:
        """The new message's id."""
        answer = self.send(room, text, key)
        assert answer.status_code == 201, f"{answer.status_code}: {answer.text}"
        return int(answer.headers["Location"].rpartition("/")[2])

    def send(self, room: int, text: str, key: str | None = None) -> httpx.Response:
        """Post, whatever comes of it; with a fresh key unless one is given."""
        form = {"key": key or fresh_key(), "body": text}
        return self.http.post(f"/rooms/{room}/messages", data=form, headers=HTMX)

    def edit(self, message: int, text: str) -> None:
        self._goes_on(self.http.post(f"/messages/{message}/edit", data={"body": text}))

    def delete(self, message: int) -> None:
        self._goes_on(self.http.post(f"/messages/{message}/delete"))

    def page(self, room: int) -> "Log":
        """The room as a reload shows it."""
        answer = self.http.get(f"/rooms/{room}")
        assert answer.status_code == 200, answer.status_code
        log = Log()
        log.show_page(answer.text)
        return log

    def history(self, room: int) -> "Log":
        """The whole room, all its pages together."""
        log = self.page(room)
        older = log.older
        while older:
            text = self.http.get(older, headers=HTMX).text
            log.messages = {**messages_in(text), **log.messages}
            older = older_link(text)
        return log

    @contextmanager
    def live(self, room: int, since: int | None = None) -> Iterator["Live"]:
        """The room's socket. `since=None` is a page that was just loaded; the frames lead its log on from there."""
        log = self.page(room) if since is None else Log(cursor=since)
        headers = {"Cookie": "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.http.cookies.jar)}
        with connect(
            f"{self.url.replace('http', 'ws', 1)}/rooms/{room}/live",
            origin=Origin(self.url),
            additional_headers=headers,
            compression=None,
            proxy=None,
            max_queue=None,
            max_size=None,
        ) as connection:
            live = Live(connection, log)
            live.say(since=str(log.cursor))
            yield live

    def _goes_on(self, answer: httpx.Response) -> str:
        assert answer.status_code == 303, f"{answer.status_code}: {answer.text}"
        return answer.headers["Location"]


def set_up(url: str, username: str = "ana", community: str = "Tertulia") -> Person:
    """The first run: the admin, signed in."""
    admin = Person(url, username)
    form = {
        "token": SETUP_TOKEN,
        "community": community,
        "display_name": admin.name,
        "username": username,
        "password": PASSWORD,
        "time_zone": "UTC",
    }
    admin._goes_on(admin.http.post("/setup", data=form))
    return admin


def sign_up(url: str, invitation: str, username: str, name: str = "") -> Person:
    """Somebody new, signed in, by this invitation's path."""
    person = Person(url, username, name)
    form = {"username": username, "display_name": person.name, "password": PASSWORD}
    person._goes_on(person.http.post(invitation, data=form))
    return person


def newcomer(admin: Person, name: str) -> Person:
    """Somebody new, signed in; the username is made unique."""
    username = f"{name.split()[0].lower()}-{secrets.token_hex(4)}"
    return sign_up(admin.url, admin.invite(), username, name)


def sign_in(url: str, username: str, password: str = PASSWORD) -> Person:
    """The same person at one more browser."""
    return Person(url, username).sign_in(password)


def fresh_key() -> str:
    return secrets.token_urlsafe(16)


class Live:
    """An open socket: its `frames` as they came, and the `log` that they led on."""

    def __init__(self, connection: ClientConnection, log: Log) -> None:
        self.connection = connection
        self.log = log
        self.frames: list[str] = []

    def say(self, **command: Any) -> None:
        self.connection.send(json.dumps(command))

    def receive(self, within: float = DEADLINE) -> str:
        """The next frame. Raises TimeoutError, ConnectionClosed."""
        frame = self.connection.recv(timeout=within)
        assert isinstance(frame, str)
        self.frames.append(frame)
        self.log.apply(frame)
        return frame

    def sees(self, text: str) -> str:
        """The first frame from now on that holds this text (write it as HTML shows it)."""
        deadline = time.monotonic() + DEADLINE
        while text not in (frame := self.receive(max(0.0, deadline - time.monotonic()))):
            pass
        return frame

    def catches_up(self, revision: int) -> Log:
        """Its log, once it has come to this revision."""
        deadline = time.monotonic() + DEADLINE
        while self.log.cursor < revision:
            self.receive(max(0.0, deadline - time.monotonic()))
        return self.log

    def ends(self) -> int:
        """The code that it is closed with; what still comes before is recorded."""
        try:
            while True:
                self.receive()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006
