"""The one place that wires: settings in, application out. What a process holds open lives as long as its lifespan."""

import asyncio
import logging
import secrets
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import compile_path
from starlette.types import Receive, Scope, Send

from webapp import numbers
from webapp.channel_layer import ChannelLayer, Signer, open_channel_layer
from webapp.domain import installation
from webapp.domain.events import BELL_GROUP, COMMUNITY_GROUP, DOORS_GROUP, Values
from webapp.domain.transaction import Transaction
from webapp.services.here import Here
from webapp.services.leases import Leases, MemoryLeases
from webapp.services.marks import Marks
from webapp.services.pace import Pace
from webapp.services.passwords import Passwords
from webapp.services.people import People
from webapp.services.presence import Presence
from webapp.services.publisher import Publisher
from webapp.services.redis_client import open_client
from webapp.services.redis_leases import RedisLeases
from webapp.services.renderer import Renderer
from webapp.services.resources import Resources, check_redis
from webapp.services.signatures import Signatures, derived
from webapp.services.throttle import Throttle
from webapp.services.unit_of_work import UnitOfWork
from webapp.settings import Limits, Settings
from webapp.sockets.admissions import Admissions
from webapp.sockets.codes import Close
from webapp.sockets.consumer import Consumer
from webapp.sockets.direct import DirectRooms, Elsewhere
from webapp.sockets.dispatch import Listener, handler
from webapp.sockets.hub import Hub
from webapp.sockets.listeners import LISTENERS
from webapp.sockets.people import PeopleWatcher
from webapp.sockets.person import PersonConsumer
from webapp.sockets.pulse import Pulse
from webapp.sockets.readers import Readers
from webapp.sockets.room import RoomConsumer
from webapp.sockets.rooms import Rooms
from webapp.sockets.roster import Roster
from webapp.sockets.shared import Shared
from webapp.store import files
from webapp.store.database import Database
from webapp.store.engine import migrate
from webapp.transport.peers import KEY as PEERS
from webapp.transport.peers import Peers
from webapp.web.callers import Callers
from webapp.web.errors import HANDLERS, on_refused
from webapp.web.forwarded import Forwarded
from webapp.web.middleware import PageHeaders, PagesGZip, RequestChecks
from webapp.web.routes import PERSON_SOCKET, ROUTES, SOCKET

log = logging.getLogger("tertulia")

POSTING_FAST = "You are posting very fast. Your text is kept: send it again in a few seconds."
CHANGING_FAST = "You are changing things very fast. This was not done: try again in a few seconds."
MANY_ROOMS = "You have made many rooms in a short time. Make the next one later."

# The address of each socket, and who serves it. What stands in braces is an id.
SOCKETS: tuple[tuple[str, type[Consumer]], ...] = (
    (SOCKET, RoomConsumer),
    (PERSON_SOCKET, PersonConsumer),
)  # fmt: skip
PROTOCOLS: Mapping[str, str] = {
    "--http": "webapp.transport.http:BoundedHttp",
    "--ws": "webapp.sockets.protocol:FrameProtocol",
}


class Application(Starlette):
    """Pages go through Starlette, sockets straight to their consumer: what lies between would be kept for each one."""

    forwarded: Forwarded
    shared: Shared
    sockets = tuple((compile_path(path)[0], consumer) for path, consumer in SOCKETS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            self.forwarded.read(scope)
        if scope["type"] != "websocket":
            await super().__call__(scope, receive, send)
        elif (consumer := self.consumer_at(scope)) is not None:
            await consumer(scope, receive, send, self.shared).serve()
        else:
            await send({"type": "websocket.close", "code": Close.NO_SUCH_SOCKET})

    def consumer_at(self, scope: Scope) -> type[Consumer] | None:
        """Who serves the socket of this address; the ids in it become the scope's `path_params`."""
        for pattern, consumer in self.sockets:
            if (found := pattern.match(scope["path"])) is not None:
                ids = {name: numbers.whole(text, low=1) for name, text in found.groupdict().items()}
                scope["path_params"] = ids
                return None if None in ids.values() else consumer
        return None


class CommunityWatcher(Listener):
    """Keeps this process's copy of the community's row fresh."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self.refreshing: asyncio.Task[None] | None = None

    @handler
    def community_changed(self, _event: Values) -> None:
        self.refreshing = asyncio.create_task(self.resources.refresh())


def create_app(settings: Settings) -> Application:
    """The application of these settings. It migrates the database and opens its resources when it is started.

    SettingsError: REDIS_URL cannot be understood.
    """
    check_redis(settings)  # what is wrong with it is said now, before anything is begun

    @asynccontextmanager
    async def lifespan(app: Application) -> AsyncIterator[dict[str, Peers]]:
        warn_of_foreign_protocols()
        files.tighten(settings.database_url, settings.data)
        await asyncio.to_thread(migrate, settings.database_url)
        async with opened(settings) as shared:
            app.shared = shared
            app.state.resources = resources = shared.resources
            if resources.fresh:
                announce_setup(resources)
            yield {PEERS: Peers(settings.limits, settings.times)}

    app = Application(
        routes=ROUTES,
        middleware=[
            Middleware(Callers),
            Middleware(PagesGZip),
            Middleware(PageHeaders, settings=settings),
            Middleware(RequestChecks, settings=settings, answer=on_refused),
        ],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    app.forwarded = Forwarded(settings.forwarded_allow_ips, settings.trusted_hops)
    return app


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Shared]:
    """Everything a process holds open, closed again in the opposite order."""
    database = Database(settings.database_url, settings.database_pool, settings.database_seconds)
    name = await database.read(lambda connection: installation.name(Transaction(connection)))
    prefix = f"tertulia.{name}"  # of every name in Redis, for there may be others on it
    layer = open_channel_layer(settings.layer_url, prefix=prefix, keys=derived(settings.secret_keys, "tertulia.events"))
    publisher = Publisher(layer)
    work = UnitOfWork(database, publisher)
    leases = open_leases(settings, prefix)
    presence = Presence(leases, publisher.tell, settings.presence_grace_seconds, settings.presence_lease_seconds)
    resources = resources_of(settings, work, layer, presence, prefix)
    hub, roster = Hub(layer), Roster(settings.limits, publisher.tell)
    rooms, readers = Rooms(hub, roster, resources, LISTENERS), Readers(resources)
    publisher.fallback = hub.deliver
    people = PeopleWatcher(resources.people, rooms, readers)
    pulse = Pulse(settings, resources, rooms, roster, people, readers)
    layer.watch(pulse.layer_changed)
    closing: list[Callable[[], Awaitable[None]]] = [
        database.close, resources.renderer.close, leases.close, resources.throttle.close, resources.passwords.close,
        layer.close, hub.close, rooms.close, publisher.close, resources.marks.close, readers.close, people.close,
        pulse.close,
    ]  # fmt: skip
    try:
        await resources.refresh()
        resources.people.revision = resources.community.people_revision
        await hub.subscribe(COMMUNITY_GROUP, CommunityWatcher(resources), people)
        await hub.subscribe(DOORS_GROUP, roster, *roster.quotas, readers)
        await hub.subscribe(BELL_GROUP, readers, readers.inboxes, DirectRooms(readers), Elsewhere(resources.here))
        pulse.start()
        yield Shared(resources, hub, roster, rooms, Admissions(work), readers)
    finally:
        for close in reversed(closing):
            await close()


def resources_of(
    settings: Settings, work: UnitOfWork, layer: ChannelLayer, presence: Presence, prefix: str
) -> Resources:
    """`prefix` begins every name of this installation in Redis."""
    return Resources(
        settings,
        work,
        layer,
        Signatures(settings.secret_keys),
        presence,
        Marks(work),
        Throttle(settings.limits, settings.redis_url, prefix),
        Passwords(settings.password_memory),
        *paces(settings.limits),
        Renderer(),
        People(work),
        Here(presence, secrets.token_hex(8)),
    )


def paces(limits: Limits) -> tuple[Pace, Pace, Pace]:
    """Of posts, of other changes, of new rooms."""
    return (
        Pace(limits.posts, limits.posts_seconds, POSTING_FAST),
        Pace(limits.changes, limits.changes_seconds, CHANGING_FAST),
        Pace(limits.new_rooms, limits.new_rooms_seconds, MANY_ROOMS),
    )


def open_leases(settings: Settings, prefix: str) -> Leases:
    if settings.redis_url is None:
        return MemoryLeases()
    signer = Signer(derived(settings.secret_keys, "tertulia.presence"))
    return RedisLeases(open_client(settings.redis_url), signer, f"{prefix}:presence")


def warn_of_foreign_protocols() -> None:
    """Nothing but a server that is told to loads these modules."""
    missing = [f"{flag} {name}" for flag, name in PROTOCOLS.items() if name.partition(":")[0] not in sys.modules]
    if missing:
        log.warning(
            "This server reads requests without bounds of ours: start it with %s, or put a proxy with limits in front.",
            " ".join(missing),
        )


def announce_setup(resources: Resources) -> None:
    settings = resources.settings
    base = settings.public_url or f"http://127.0.0.1:{settings.port}"
    log.warning("Set this community up at %s/setup?token=%s", base, resources.setup_token)
