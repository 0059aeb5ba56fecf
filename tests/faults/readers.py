"""Windows that stay open: clients which read a room's socket as the browser does, and write down what they were shown.

Each (re)connect says the cursor first; a close leads to another try, after the delays that the page gives htmx. What
must never happen is written to `faults` when it happens: a message shown twice, one out of order, a cursor that goes
back, a close from which the browser would not return.
"""

import asyncio
import json
import random
import re
import socket
import time
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Origin

from tests.faults.cluster import Doors
from tests.pages import PARTIAL, Log, messages_in
from tests.people import Person

FIRST_DELAY, LONGEST_DELAY = 0.5, 10.0
"""Seconds, as in templates/app.html; doubled at each attempt, more or less by 30 %."""
RETURNS_ON = {1000, 1001, 1005, 1006, 1011, 1012, 1013, 1014}
SILENCE = 40.0
HANDSHAKE = 10.0

LEFT_LIST = re.compile(r'<li id="here-(\d+)" hx-swap-oob="delete">')
IN_LIST = re.compile(r'<li id="here-(\d+)" data-person=')
HEARTBEAT = '<output id="heartbeat"'
NOTICE = re.compile(r'<li data-person="(\d+)">[^<]* (joined|left)</li>')


class Reader:
    """One window of one person on one room. `narrow`: with a small receive buffer, so that it can be slow."""

    def __init__(self, doors: Doors, person: Person, room: int, narrow: bool = False) -> None:
        self.doors = doors
        self.person = person
        self.room = room
        self.narrow = narrow
        self.log = Log()
        self.seen_at: dict[int, float] = {}
        self.shown: set[int] = set()
        self.last = 0
        self.faults: list[str] = []
        self.codes: list[int] = []
        self.resets = 0
        self.here: set[int] = set()
        self.notices: list[tuple[int, str]] = []
        self.heartbeats = 0
        self.live = False
        self.entries = 0
        self.door = ""
        self.socket: ClientConnection | None = None
        self.reading = asyncio.Event()
        self.reading.set()
        self.task: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        ended = "" if self.task is None or not self.task.done() else f", ended: {self.task}"
        state = f"{'live' if self.live else 'not live'}, closed with {self.codes[-20:]}, faults {self.faults}{ended}"
        return f"<reader of room {self.room} at {self.door}, revision {self.log.cursor}, {state}>"

    # -- what a person does with the window

    async def open(self, page: bool = True) -> None:
        """Load the room's page, then listen; without a page from the beginning of the room."""
        if page:
            answer = await asyncio.to_thread(self.person.page, self.room)
            self.log = answer
            self._note(answer.ids)
        self.task = asyncio.create_task(self._run(), name=f"reader of room {self.room}")

    async def close(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)

    def drop(self) -> None:
        """The wire breaks: no closing frame, a reset for the server."""
        if self.socket is not None:
            self.socket.transport.abort()

    def stall(self) -> None:
        self.reading.clear()

    def resume(self) -> None:
        """Read on, and come back through a wire as wide as others have."""
        self.narrow = False
        self.reading.set()

    def stands_at(self, head: int) -> bool:
        """Connected, and led to this revision at least."""
        return self.live and self.log.cursor >= head

    # -- the socket

    async def _run(self) -> None:
        attempt = 0
        while True:
            try:
                async with await self._connect() as self.socket:
                    attempt = 0
                    await self._follow(self.socket)
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else 1006
                self.codes.append(code)
                if code not in RETURNS_ON:
                    self.faults.append(f"closed with {code}, on which no browser comes back")
                    return
            except (OSError, TimeoutError, InvalidHandshake):
                self.codes.append(1006)
            finally:
                self.live, self.socket = False, None
            await asyncio.sleep(delay(attempt))
            attempt += 1

    async def _connect(self) -> ClientConnection:
        """By the first door that opens, as a proxy would find it."""
        for url in self.doors.doors():
            try:
                self.door = url
                return await self._knock(url)
            except ConnectionRefusedError:
                continue
        raise ConnectionRefusedError

    async def _knock(self, url: str) -> ClientConnection:
        return await connect(
            f"{url.replace('http', 'ws', 1)}/rooms/{self.room}/live",
            origin=Origin(url),
            additional_headers={"Cookie": f"session={self.person.http.cookies['session']}"},
            compression=None,
            proxy=None,
            open_timeout=HANDSHAKE,
            close_timeout=0.5,
            ping_interval=None,
            max_queue=1 if self.narrow else None,
            max_size=None,
            sock=await narrow_socket(url) if self.narrow else None,
        )

    async def _follow(self, connection: ClientConnection) -> None:
        await connection.send(json.dumps({"since": str(self.log.cursor)}))
        while True:
            await self.reading.wait()
            async with asyncio.timeout(SILENCE):
                frame = await connection.recv()
            assert isinstance(frame, str)
            self._hear(frame)
            self.entries += not self.live
            self.live = True

    # -- what it is shown

    def _hear(self, frame: str) -> None:
        self._who_is_here(frame)
        self.heartbeats += HEARTBEAT in frame
        reset = False
        for partial in PARTIAL.finditer(frame):
            if partial["target"] == "#log":
                reset = True
                self.resets += 1
                self.shown.clear()
                self.last = 0
            if partial["target"] in ("#log", "#messages"):
                self._note(list(messages_in(partial["html"])))
        before = self.log.cursor
        try:
            self.log.apply(frame)
        except AssertionError as error:
            self.faults.append(str(error))
        if self.log.cursor < before and not reset:
            self.faults.append(f"went back from revision {before} to {self.log.cursor}")

    def _note(self, ids: list[int]) -> None:
        now = time.monotonic()
        for message in ids:
            if message in self.shown:
                self.faults.append(f"message {message} was shown twice")
            elif message < self.last:
                self.faults.append(f"message {message} was shown after message {self.last}")
            self.shown.add(message)
            self.last = max(self.last, message)
            self.seen_at.setdefault(message, now)

    def _who_is_here(self, frame: str) -> None:
        self.here -= {int(person) for person in LEFT_LIST.findall(frame)}
        for partial in PARTIAL.finditer(frame):
            if partial["target"] == "#here":
                people = {int(person) for person in IN_LIST.findall(partial["html"])}
                self.here = people | (self.here if partial["swap"] == "beforeend" else set())
        self.notices += [(int(person), what) for person, what in NOTICE.findall(frame)]


def delay(attempt: int) -> float:
    """htmx's: 500 ms doubled at each attempt, more or less by 30 %."""
    return min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(attempt, 10)) * random.uniform(0.7, 1.3)


async def narrow_socket(url: str) -> socket.socket:
    """Connected, and with little room for what its owner does not read."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    made.setblocking(False)
    place = urlsplit(url)
    try:
        await asyncio.get_running_loop().sock_connect(made, (place.hostname, place.port))
    except BaseException:
        made.close()
        raise
    return made
