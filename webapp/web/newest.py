"""The newest page of each room as it is shown, kept for the next who opens it. Who may see it is asked every time."""

from collections import OrderedDict
from types import SimpleNamespace

from webapp.domain.history import Page
from webapp.templating import messages_html

ROOMS = 200


def log(room_id: int, page: Page) -> SimpleNamespace:
    """What messages/_log.html shows."""
    path = f"/rooms/{room_id}/messages"
    return SimpleNamespace(
        messages=messages_html(page.messages),
        older=f"{path}?before={page.messages[0].id}" if page.older and page.messages else "",
        newer=f"{path}?after={page.messages[-1].id}" if page.newer and page.messages else "",
    )


class NewestPages:
    """By room and head: a head stands for one state of a room's log. Bounded; asked from the database's threads."""

    def __init__(self) -> None:
        self.logs: OrderedDict[int, tuple[int, SimpleNamespace]] = OrderedDict()

    def get(self, room_id: int, head: int) -> SimpleNamespace | None:
        known = self.logs.get(room_id)
        return known[1] if known is not None and known[0] == head else None

    def put(self, room_id: int, head: int, shown: SimpleNamespace) -> None:
        known = self.logs.get(room_id)
        if known is None or known[0] < head:
            self.logs[room_id] = (head, shown)
        if len(self.logs) > ROOMS:
            self.logs.popitem(last=False)
