"""What all consumers of one process share."""

from dataclasses import dataclass

from webapp.services.resources import Resources
from webapp.sockets.admissions import Admissions
from webapp.sockets.hub import Hub
from webapp.sockets.readers import Readers
from webapp.sockets.rooms import Rooms
from webapp.sockets.roster import Roster


@dataclass(frozen=True, slots=True)
class Shared:
    """Handed to each consumer by `app.py`."""

    resources: Resources
    hub: Hub
    roster: Roster
    rooms: Rooms
    admissions: Admissions
    readers: Readers
