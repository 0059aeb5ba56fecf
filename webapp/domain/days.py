"""Which day a message is shown under. The days of a room never go backwards down its page, whatever the clock does.

- A clock that is set back by up to a day: messages keep the moment of the newest one until it has caught up (the
  statement that takes the room's next revision sees to that).
- One that is set back further was wrong before or is wrong now. Up to `MOST_WITHDRAWN` headings of days to come are
  withdrawn, and the messages under them stand under the day before; each still has the time that the clock said. With
  more of them the room has lived through those days: the clock is wrong now, and the moment stays at the newest one.
"""

from webapp.domain.rooms import Position

SECOND = 1_000_000
GROUPED_WITHIN = 5 * 60 * SECOND
MOST_WITHDRAWN = 31


def day(moment: int, offset: int) -> int:
    """The number of the day, of a moment in microseconds and an offset from UTC in seconds."""
    return (moment // SECOND + offset) // 86_400


def looks(position: Position, author_id: int, offset: int) -> tuple[bool, bool]:
    """(continues the author's previous message, opens a day), decided once and stored with the message."""
    if position.previous_posted_at is None:
        return False, True
    if day(position.posted_at, offset) > day(position.previous_posted_at, offset):
        return False, True
    close = position.posted_at - position.previous_posted_at < GROUPED_WITHIN
    return position.previous_author_id == author_id and close, False


def leapt_back(position: Position) -> bool:
    """Whether the clock stands more than a day before the room's newest message."""
    return position.previous_posted_at is not None and position.posted_at < position.previous_posted_at
