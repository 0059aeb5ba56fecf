"""Messages and logs as HTML, kept for the next page or socket that shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from webapp.templating.byte_cache import ByteCache
from webapp.templating.environment import template

MESSAGES_BYTES, LOGS_BYTES = 2 << 20, 8 << 20
Look = tuple[Any, ...]
State = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Place:
    """Which message stands in a log, and what it is compared with to find the first that somebody has not read."""

    id: int
    posted_revision: int
    author_id: int


@dataclass(frozen=True, slots=True)
class Log:
    """What messages/_log.html shows: `messages` as HTML, and the URLs of those before and after, empty for none."""

    messages: Markup
    older: str = ""
    newer: str = ""
    places: tuple[Place, ...] = ()


class RenderedMessages:
    """Messages as page, fragment and replay show them: the same bytes, rendered once for each revision."""

    def __init__(self, most: int = MESSAGES_BYTES) -> None:
        self.cache: ByteCache[int, tuple[Look, Markup]] = ByteCache(most, lambda kept: kept[1])

    def html(self, message: Any) -> Markup:
        """The message as a list item."""
        look, kept = look_of(message), self.cache.get(message.id)
        if kept is not None and kept[0] == look:
            return kept[1]
        html = Markup(template("messages/_message.html").render(message=message).strip())  # noqa: S704 - it escapes
        self.cache.put(message.id, (look, html))
        return html

    def log(self, room_id: int, messages: Sequence[Any], older: bool = False, newer: bool = False) -> Log:
        """A page of a room's messages. `older`, `newer`: whether there are any before the first and after the last."""
        path = f"/rooms/{room_id}/messages"
        return Log(
            Markup("".join([self.html(message) for message in messages])),  # noqa: S704 - each was escaped
            f"{path}?before={messages[0].id}" if older and messages else "",
            f"{path}?after={messages[-1].id}" if newer and messages else "",
            tuple(Place(each.id, each.posted_revision, each.author_id) for each in messages),
        )


class NewestLogs:
    """The newest page of each room. A state is (the room's head, the revision of the community's people): together
    they stand for one look of a room's log.

    Whoever gets one must have asked whether its reader is a member.
    """

    def __init__(self, most: int = LOGS_BYTES) -> None:
        self.cache: ByteCache[int, tuple[State, Log]] = ByteCache(most, lambda kept: kept[1].messages)

    def get(self, room_id: int, state: State) -> Log | None:
        """None when the room's log has changed, or was not asked for yet."""
        kept = self.cache.get(room_id)
        return kept[1] if kept is not None and kept[0] == state else None

    def put(self, room_id: int, state: State, log: Log) -> None:
        """Keep the log, unless a newer one is kept already."""
        kept = self.cache.get(room_id)
        if kept is None or kept[0] < state:
            self.cache.put(room_id, (state, log))

    def clear(self) -> None:
        self.cache.clear()


def look_of(message: Any) -> Look:
    """What two records of one message have in common when they are shown alike."""
    texts = hash(message.html), hash(message.extras)
    return message.revision, *texts, message.author_name, message.room_id, message.created_at
