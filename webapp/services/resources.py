"""What a process holds open: made in app.py, given to every page and socket."""

import logging
from dataclasses import dataclass, field

from webapp.channel_layer import ChannelLayer, SparseLog, open_channel_layer
from webapp.domain import community
from webapp.domain.community import Community
from webapp.services.here import Here
from webapp.services.marks import Marks
from webapp.services.pace import Pace
from webapp.services.passwords import Passwords
from webapp.services.people import People
from webapp.services.presence import Presence
from webapp.services.redis_client import UNUSABLE, open_client
from webapp.services.renderer import Renderer
from webapp.services.signatures import Signatures
from webapp.services.throttle import Throttle
from webapp.services.unit_of_work import UnitOfWork
from webapp.settings import Settings, SettingsError
from webapp.templating import NewestLogs, RenderedMessages

log = logging.getLogger("tertulia")
UNNAMED = Community("Tertulia", "UTC", 0)


@dataclass(slots=True)
class Resources:
    """`community` is this process's copy of its row; `fresh` is true until the first run has made one."""

    settings: Settings
    work: UnitOfWork
    layer: ChannelLayer
    signatures: Signatures
    presence: Presence
    marks: Marks
    throttle: Throttle
    passwords: Passwords
    pace: Pace
    changes: Pace
    new_rooms: Pace
    renderer: Renderer
    people: People
    here: Here
    community: Community = UNNAMED
    fresh: bool = True
    rendered: RenderedMessages = field(default_factory=RenderedMessages)
    newest: NewestLogs = field(default_factory=NewestLogs)
    sparse_log: SparseLog = field(default_factory=lambda: SparseLog(log))

    async def refresh(self) -> None:
        """Read the community's row again. Raises the store's Unavailable."""
        found = await self.work.read(community.current)
        self.fresh = found is None
        self.community = found or UNNAMED

    @property
    def setup_token(self) -> str:
        """What the first run asks for."""
        return self.settings.setup_token or self.signatures.setup_token()


def check_redis(settings: Settings) -> None:
    """Raises SettingsError when one of the clients of Redis cannot use REDIS_URL. Connects to nothing."""
    try:
        open_channel_layer(settings.layer_url)
        if settings.redis_url is not None:
            open_client(settings.redis_url)
    except UNUSABLE as error:
        raise SettingsError(f"REDIS_URL: {error}.") from error
