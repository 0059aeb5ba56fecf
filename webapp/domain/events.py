"""What has happened, as it travels over the channel layer: plain values with a `type` in the past tense.

Groups: `room.7` hears what all in that room may know, `doors` whose right has ended, `community` what concerns all.
Rights end rarely, so one group for all people is cheaper than one for each that is here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    group: str
    values: Values


def room_group(room_id: int) -> str:
    return f"room.{room_id}"


COMMUNITY_GROUP = "community"
DOORS_GROUP = "doors"
BELL_GROUP = "bell"


def messages_changed(room_id: int, revision: int, messages: Sequence[Values]) -> Event:
    """`messages`: each changed one by the names of its fields, tombstones too; all carry this revision."""
    values = {"type": "messages.changed", "room": room_id, "revision": revision, "messages": messages}
    return Event(room_group(room_id), values)


def room_changed(room_id: int, revision: int, facts: Values) -> Event:
    """`facts`: the room's name, topic and whatever else its page shows of it, by name."""
    return Event(room_group(room_id), {"type": "rooms.changed", "room": room_id, "revision": revision} | facts)


def room_posted(room_id: int, posts: Mapping[int, int]) -> Event:
    """`posts`: the revision of the newest post of each author since the last such event."""
    pairs = [[author, revision] for author, revision in posts.items()]
    values = {"type": "rooms.posted", "room": room_id, "revision": max(posts.values()), "posts": pairs}
    return Event(BELL_GROUP, values)


def people_read(room_id: int, revision: int, user_ids: Sequence[int]) -> Event:
    """These people have seen the room's log up to this revision."""
    values = {"type": "people.read", "room": room_id, "revision": revision, "users": list(user_ids)}
    return Event(BELL_GROUP, values)


def people_here(process: str, part: int, user_ids: Sequence[int]) -> Event:
    """A part of those who are in rooms of this process."""
    return Event(BELL_GROUP, {"type": "people.here", "process": process, "part": part, "users": list(user_ids)})


def people_held(room_id: int, revision: int, user_id: int) -> Event:
    """This person marked the room as unread after this revision."""
    return Event(BELL_GROUP, {"type": "people.held", "room": room_id, "revision": revision, "user": user_id})


def inboxes_changed(user_ids: Sequence[int]) -> Event:
    """What waits for these people is something else now: the store has what."""
    return Event(BELL_GROUP, {"type": "inboxes.changed", "users": list(user_ids)})


def membership_began(room_id: int, user_id: int) -> Event:
    return Event(BELL_GROUP, {"type": "memberships.began", "user": user_id, "room": room_id})


def membership_hidden(room_id: int, user_id: int) -> Event:
    """This person has taken the direct room out of their list."""
    return Event(BELL_GROUP, {"type": "memberships.hidden", "user": user_id, "room": room_id})


def presence_changed(room_id: int, user_id: int, name: str, here: bool) -> Event:
    values = {"type": "presence.changed", "room": room_id, "user": user_id, "name": name, "here": here}
    return Event(room_group(room_id), values)


def presence_renewed(room_id: int) -> Event:
    """A process has written its presences to a Redis that had lost them: listeners of this room read them again."""
    return Event(room_group(room_id), {"type": "presence.renewed", "room": room_id})


def typing_started(room_id: int, user_id: int, name: str) -> Event:
    values = {"type": "typing.started", "room": room_id, "user": user_id, "name": name}
    return Event(room_group(room_id), values)


def membership_ended(room_id: int, user_id: int) -> Event:
    return Event(DOORS_GROUP, {"type": "memberships.ended", "user": user_id, "room": room_id})


def session_ended(user_id: int, id_hash: str) -> Event:
    return Event(DOORS_GROUP, {"type": "sessions.ended", "user": user_id, "session": id_hash})


def sockets_counted(kind: str, process: str, key: str, count: int, oldest: int) -> Event:
    """How many sockets a process has of one person or address, and the moment of the oldest in microseconds."""
    values = {"type": "sockets.counted", "kind": kind, "process": process, "key": key, "count": count, "oldest": oldest}
    return Event(DOORS_GROUP, values)


def people_changed(revision: int) -> Event:
    """What somebody shows of themselves has changed: the store has what. Its count stands at this revision now."""
    return Event(COMMUNITY_GROUP, {"type": "people.changed", "revision": revision})


def community_changed() -> Event:
    return Event(COMMUNITY_GROUP, {"type": "community.changed"})
