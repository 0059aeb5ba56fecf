"""Redis as a host sells it: TLS, a user of one's own and a database, for all that this program keeps there."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.channel_layer.redis_server import RedisServer
from tests.channel_layer.vocabulary import event, member, receives, until
from tests.ports import free_port
from webapp.channel_layer import RedisChannelLayer, Signer
from webapp.services.leases import Person, Place
from webapp.services.redis_client import open_client
from webapp.services.redis_leases import RedisLeases
from webapp.services.throttle import Throttle
from webapp.settings import Limits

pytestmark = pytest.mark.anyio
TABLE = Place(7, Person(1, "Ana"))
USER = ("ACL", "SETUSER", "chat", "on", ">sesame&open", "~*tertulia*", "&*", "+@all")


@pytest.fixture
def managed(new_redis: Callable[..., RedisServer], certificate: tuple[Path, list[str]]) -> tuple[RedisServer, str]:
    """A server, and the URL of database 3 for its user over TLS."""
    file, words = certificate
    port = free_port()
    server = new_redis("--tls-port", str(port), *words).start()
    server.command(*USER)
    return server, f"rediss://chat:sesame%26open@localhost:{port}/3?ssl_ca_certs={file}"


async def test_all_three_clients_use_the_user_and_the_database_over_tls(managed: tuple[RedisServer, str]) -> None:
    server, url = managed
    server.command("ACL", "SETUSER", "default", "-@all", "+ping", "+client", "+info", "+acl")
    async with AsyncExitStack() as stack:
        here, there = [await stack.enter_async_context(RedisChannelLayer(url)) for _ in range(2)]
        await until(lambda: here.connected and there.connected)
        channel = await member(there, "room.7")
        await here.group_send("room.7", event(1))
        assert await receives(there, channel) == [1]

        leases = RedisLeases(open_client(url), Signer([b"a key of this test"]))
        stack.push_async_callback(leases.close)
        await leases.hold([TABLE], 60.0)
        assert await leases.here(7) == [TABLE.person]

        limits = Limits(logins_per_address=1)
        throttles = [Throttle(limits, url) for _ in range(2)]
        for throttle in throttles:
            stack.push_async_callback(throttle.close)
        assert await throttles[0].sign_in("1.2.3.4", "ana")
        assert not await throttles[1].sign_in("1.2.3.4", "bea"), "both processes count together"
    server.command("ACL", "SETUSER", "default", "+@all")
    assert set(server.command("INFO", "keyspace")) == {"db3"}
