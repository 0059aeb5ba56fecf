"""What DEVELOPERS.md says of adding a socket and a feature works, word by word, in a copy of the program."""

import itertools
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.people import Live, Log, Person, newcomer, set_up
from tests.servers import ROOT, Server

BLOCK = re.compile(r"^```(?P<kind>\w+)\n# (?P<path>\S+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
UNTOUCHED = ("webapp/sockets/hub.py", "webapp/sockets/consumer.py", "webapp/sockets/feed.py", "webapp/sockets/room.py")

EVENT = """

def waved(room_id: int, name: str) -> Event:
    return Event(room_group(room_id), {"type": "waves.waved", "name": name})
"""
LISTENER = '''"""Who waves to the room."""

from webapp.domain import events
from webapp.domain.events import Values
from webapp.sockets.dispatch import command, handler
from webapp.sockets.guest import Guest
from webapp.sockets.rooms import RoomListener
from webapp.sockets.shapes import text
from webapp.templating import render


class Waves(RoomListener):
    @command
    def waves_wave(self, _values: Values, guest: Guest) -> None:
        assert guest.actor is not None
        self.room.publish(events.waved(self.room.id, guest.actor.display_name))

    @handler
    def waves_waved(self, event: Values) -> None:
        self.room.say(render("waves/events/waved.html", name=text(event, "name")))
'''
ENVELOPE = '<hx-partial hx-target="#notices" hx-swap="beforeend"><li>{{ name }} waves</li></hx-partial>\n'
WIRING = """\
 from webapp.sockets.typing import Typing
+from webapp.sockets.waves import Waves
     Typing,
+    Waves,
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The program without its tests."""
    for folder in ("webapp", "templates", "static"):
        shutil.copytree(ROOT / folder, tmp_path / "copy" / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "copy"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def insert(path: Path, diff: str) -> None:
    """Each line with a plus comes after the line that stands before it, which must be there once."""
    text = path.read_text()
    lines = diff.splitlines()
    for before, added in itertools.pairwise(lines):
        if added.startswith("+"):
            assert before.startswith(" ")
            assert text.count(f"\n{before[1:]}\n") == 1, before
            text = text.replace(f"\n{before[1:]}\n", f"\n{before[1:]}\n{added[1:]}\n")
    path.write_text(text)


@contextmanager
def running(copy: Path) -> Iterator[Server]:
    server = Server(copy.parent / "data")
    server.root = copy
    try:
        yield server.start()
    finally:
        server.kill()


def opened(person: Person, path: str) -> ClientConnection:
    cookie = f"session={person.http.cookies['session']}"
    return connect(
        f"{person.url.replace('http', 'ws', 1)}{path}",
        origin=Origin(person.url), additional_headers={"Cookie": cookie}, proxy=None,
    )  # fmt: skip


def test_the_second_socket_of_the_page_for_developers_works(copy: Path) -> None:
    page = (ROOT / "DEVELOPERS.md").read_text().partition("## A second socket in 30 lines")[2]
    blocks = list(BLOCK.finditer(page.partition("\n## ")[0]))
    assert [each["kind"] for each in blocks] == ["python", "html", "diff"]
    assert blocks[0]["text"].count("\n") <= 30
    for each in blocks:
        edit: Callable[[Path, str], None] = insert if each["kind"] == "diff" else write
        edit(copy / each["path"], each["text"])
    with running(copy) as server:
        ana = set_up(server.url)
        bea = newcomer(ana, "Bea")
        with opened(ana, "/lobby/live") as connection:
            at_ana = Live(connection, Log())
            at_ana.sees("<li>Ana is here</li>")
            with opened(bea, "/lobby/live") as other:
                at_ana.sees("<li>Bea is here</li>")
                other.send("good <b>morning</b>")
                at_ana.sees("<li>Bea says good &lt;b&gt;morning&lt;/b&gt;</li>")
            at_ana.sees("<li>Bea has gone</li>")
            ana.sign_out()
            assert at_ana.ends() == 4401


def test_a_feature_is_added_without_hub_consumer_or_feed(copy: Path) -> None:
    events = copy / "webapp/domain/events.py"
    events.write_text(events.read_text() + EVENT)
    write(copy / "webapp/sockets/waves.py", LISTENER)
    write(copy / "templates/waves/events/waved.html", ENVELOPE)
    insert(copy / "webapp/sockets/listeners.py", WIRING)
    for each in UNTOUCHED:
        assert (copy / each).read_bytes() == (ROOT / each).read_bytes()
    with running(copy) as server:
        ana = set_up(server.url)
        bea, cid = newcomer(ana, "Bea"), newcomer(ana, "Cid")
        room, other = ana.make_room("Room", bea, cid), ana.make_room("Other", cid)
        with ana.live(room) as at_ana, bea.live(room) as at_bea, cid.live(other) as elsewhere:
            for live in (at_ana, at_bea, elsewhere):
                live.sees('id="heartbeat"')
            at_bea.say(type="waves.wave")
            for live in (at_ana, at_bea):
                live.sees("<li>Bea waves</li>")
            ana.post(other, "the end")
            elsewhere.sees("the end")
            assert not any("waves" in each for each in elsewhere.frames)
