"""What listens to a room's events beside its feed. One line adds a listener to every room."""

from webapp.sockets.attendance import Attendance
from webapp.sockets.rooms import RoomListener
from webapp.sockets.titles import Titles
from webapp.sockets.typing import Typing

LISTENERS: tuple[type[RoomListener], ...] = (
    Attendance,
    Typing,
    Titles,
)
