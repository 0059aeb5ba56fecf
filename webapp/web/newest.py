"""The newest page of each room as it is shown, kept for the next who opens it. Who may see it is asked every time."""

from threading import Lock
from types import SimpleNamespace

from webapp.domain.history import Page
from webapp.templating import messages_html, weight


def log(room_id: int, page: Page) -> SimpleNamespace:
    """What messages/_log.html shows."""
    path = f"/rooms/{room_id}/messages"
    return SimpleNamespace(
        messages=messages_html(page.messages),
        older=f"{path}?before={page.messages[0].id}" if page.older and page.messages else "",
        newer=f"{path}?after={page.messages[-1].id}" if page.newer and page.messages else "",
    )


class NewestPages:
    """By room and head: a head stands for one state of a room's log. At most `most` bytes of them together.

    Asked from the database's threads.
    """

    def __init__(self, most: int = 8 << 20) -> None:
        self.most = most
        self.bytes = 0
        self.logs: dict[int, tuple[int, SimpleNamespace]] = {}
        self.lock = Lock()

    def get(self, room_id: int, head: int) -> SimpleNamespace | None:
        known = self.logs.get(room_id)
        return known[1] if known is not None and known[0] == head else None

    def put(self, room_id: int, head: int, shown: SimpleNamespace) -> None:
        with self.lock:
            known = self.logs.get(room_id)
            if known is not None and known[0] >= head:
                return
            self._forget(room_id)
            self.logs[room_id] = head, shown
            self.bytes += weight(shown.messages)
            while self.bytes > self.most:
                self._forget(next(iter(self.logs)))

    def _forget(self, room_id: int) -> None:
        known = self.logs.pop(room_id, None)
        if known is not None:
            self.bytes -= weight(known[1].messages)
