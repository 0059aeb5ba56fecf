"""What a room's page shows, read out of its HTML, and led on by frames in the way htmx does it."""

import html
import re
from dataclasses import dataclass

MESSAGE = re.compile(
    r'<li id="message-(?P<id>\d+)" class="message.*?data-revision="(?P<revision>\d+)"'
    r'.*?<div class="body"[^>]*>(?P<body>.*?)</div>',
    re.DOTALL,
)
PARTIAL = re.compile(
    r'<hx-partial hx-target="(?P<target>[^"]*)" hx-swap="(?P<swap>\w+)"[^>]*>(?P<html>.*?)</hx-partial>', re.DOTALL
)
DELETED = re.compile(r'<li id="message-(\d+)" hx-swap-oob="delete">')
NAME = re.compile(r'(?:id="room-name"|hx-target="#main \.room-name")[^>]*>([^<]*)<')
TITLE = re.compile(r"<title>([^<]*)</title>")
CURSOR = re.compile(r'<input [^>]*id="cursor"[^>]*>')
OLDER = re.compile(r'id="older" hx-get="([^"]+)"')


@dataclass(frozen=True)
class Shown:
    """A message as it stands in a page: its text without markup, and the revision that changed it last."""

    text: str
    revision: int


def messages_in(text: str) -> dict[int, Shown]:
    """Messages by id, in the order of the page."""
    return {
        int(found["id"]): Shown(html.unescape(re.sub(r"<[^>]*>", "", found["body"])), int(found["revision"]))
        for found in MESSAGE.finditer(text)
    }


def older_link(text: str) -> str:
    found = OLDER.search(text)
    return html.unescape(found[1]) if found else ""


class Log:
    """The messages of a room in the order of the page, led on by frames in the way htmx does it; its name and title."""

    def __init__(self, cursor: int = 0) -> None:
        self.messages: dict[int, Shown] = {}
        self.cursor = cursor
        self.older = ""
        self.name = ""
        self.title = ""

    @property
    def ids(self) -> list[int]:
        return list(self.messages)

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.messages.values()]

    def show_page(self, text: str) -> None:
        self.messages, self.older = messages_in(text), older_link(text)
        self._move(text)

    def apply(self, frame: str) -> None:
        """Out-of-band pieces first, then the partials. Fails when a message would stand in the page twice."""
        for gone in DELETED.findall(frame):
            self.messages.pop(int(gone), None)
        for partial in PARTIAL.finditer(frame):
            found = messages_in(partial["html"])
            if partial["target"] == "#messages":
                twice = self.messages.keys() & found.keys()
                assert not twice, f"shown twice: {twice}"
                self.messages.update(found)
            elif partial["target"] == "#log":
                self.messages, self.older = found, older_link(partial["html"])
            elif partial["target"].startswith("#message-"):
                self.messages.update((each, found[each]) for each in found if each in self.messages)
        self._move(frame)

    def _move(self, text: str) -> None:
        if name := NAME.search(text):
            self.name = html.unescape(name[1])
        if title := TITLE.search(text):
            self.title = html.unescape(title[1])
        found = CURSOR.search(text)
        value = re.search(r'value="(\d+)"', found[0]) if found else None
        if value:
            self.cursor = int(value[1])
