"""Who is here, who came and who left: told once for each person, and not for a reload or a short break."""

import re

from playwright.sync_api import Page, WebSocket, expect

from tests.browser.conftest import OpenWindow
from tests.browser.windows import Window
from tests.people import Person, newcomer
from tests.servers import Wire

SETTINGS = {"PRESENCE_GRACE_SECONDS": "7"}
NOTICE = re.compile(r'<li data-person="\d+">([^<]*)</li>')


class Notices:
    """Every "joined" and "left" that a page is told from now on; it must not have its room open yet."""

    def __init__(self, page: Page) -> None:
        self.told: list[str] = []
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: self.told.extend(NOTICE.findall(str(frame))))


def are_here(window: Window, *names: str) -> None:
    window.comes_to(lambda: sorted(people(window)), sorted(names))


def people(window: Window) -> list[str]:
    lines = window.page.locator("#here li").all_text_contents()
    return [" ".join(line.split()[1:]) for line in lines]


def test_who_comes_and_goes(open_window: OpenWindow, ana: Person, bea: Person, room: int) -> None:
    hers = open_window(ana)
    notices = Notices(hers.page)
    hers.open(room)
    are_here(hers, "Ana")
    his = open_window(bea, room)
    for window in (hers, his):
        are_here(window, "Ana", "Bea")
    expect(hers.page.locator("#notices li").last).to_have_text("Bea joined")
    second = Window(his.page.context.new_page(), bea, his.url).open(room)
    his.page.close()
    are_here(second, "Ana", "Bea")
    second.page.close()
    are_here(hers, "Ana")
    expect(hers.page.locator("#notices li").last).to_have_text("Bea left")
    assert [each for each in notices.told if "Bea" in each] == ["Bea joined", "Bea left"]


def test_neither_a_reload_nor_a_short_break_is_told(
    open_window: OpenWindow, ana: Person, bea: Person, room: int, wire: Wire
) -> None:
    hers = open_window(ana)
    notices = Notices(hers.page)
    hers.open(room)
    his = open_window(bea, room, wire.url)
    his.open(room)
    attempts: list[WebSocket] = []
    his.page.on("websocket", lambda socket: attempts.append(socket))
    with his.coming_back():
        wire.cut()
        ana.post(room, "not heard for some seconds")
        his.until(lambda: len(attempts) == 2)
        wire.restore()
    his.says("not heard for some seconds")
    cid = newcomer(ana, "Cid")
    ana.let_in(room, cid)
    passer = open_window(cid, room)
    passer.page.close()
    hers.until(lambda: "Cid left" in notices.told)
    are_here(hers, "Ana", "Bea")
    assert [each for each in notices.told if "Bea" in each] == ["Bea joined"], notices.told
