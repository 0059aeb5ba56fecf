"""Presence leases of several processes, kept in Redis.

While Redis is away a process shows its own people only; when Redis comes back empty, nobody is announced as new. A name
is signed together with its room, person and end of lease, so that what others write into Redis is not shown.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Iterable
from typing import Any

from redis.exceptions import MovedError, ResponseError

from webapp.channel_layer import Signer, SparseLog
from webapp.services.leases import MemoryLeases, Person, Place, by_name
from webapp.services.redis_client import AWAY, PATIENCE, RedisClient

log = logging.getLogger("tertulia.presence")
CLOCKS_DIFFER = 60
"""Seconds by which the clocks of two hosts may differ."""

# `PREFIX:epoch` is new when Redis has lost everything. `PREFIX:rooms` are the rooms with people in them. `PREFIX:ROOM`
# holds when each person's last lease ends, `PREFIX:ROOM:names` what they are called (signed), `PREFIX:ROOM:USER` when
# the lease of each process for them ends. All by Redis's own clock, in seconds.
NOW = "local t = redis.call('TIME') local now = t[1] + t[2] / 1000000 local p = KEYS[1] "
HOLD = (
    NOW
    + """
redis.call('SET', p .. ':epoch', ARGV[1], 'NX')
local fresh = {}
for i = 4, #ARGV, 3 do
  local room, user, name = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local key = p .. ':' .. room
  redis.call('SADD', p .. ':rooms', room)
  redis.call('HSET', key .. ':names', user, name)
  redis.call('ZADD', key .. ':' .. user, now + ARGV[3], ARGV[2])
  redis.call('EXPIRE', key .. ':' .. user, 3600)
  if redis.call('ZADD', key, 'GT', now + ARGV[3], user) == 1 then fresh[#fresh + 1] = i end
end
return {redis.call('GETRANGE', p .. ':epoch', 0, 63), fresh}
"""
)
SHORTEN = (
    NOW
    + """
local key, user = p .. ':' .. ARGV[3], ARGV[4]
if redis.call('ZADD', key .. ':' .. user, 'XX', 'CH', now + ARGV[2], ARGV[1]) == 1 then
  local last = redis.call('ZREVRANGE', key .. ':' .. user, 0, 0, 'WITHSCORES')
  redis.call('ZADD', key, 'XX', last[2], user)
end
"""
)
EXPIRE = (
    NOW
    + """
local over = {}
for _, room in ipairs(redis.call('SMEMBERS', p .. ':rooms')) do
  local key = p .. ':' .. room
  local ended = redis.pcall('ZRANGEBYSCORE', key, '-inf', now, 'LIMIT', 0, 1000)
  for _, user in ipairs(ended) do
    local name = redis.pcall('HGET', key .. ':names', user)
    if type(name) == 'string' then over[#over + 1] = {room, user, name} end
    redis.call('ZREM', key, user)
    redis.pcall('HDEL', key .. ':names', user)
    redis.call('DEL', key .. ':' .. user)
  end
  if ended.err or redis.call('EXISTS', key) == 0 then redis.call('SREM', p .. ':rooms', room) end
end
return over
"""
)
HERE = """
local found = {}
for _, user in ipairs(redis.call('ZRANGE', KEYS[1], 0, 19999)) do
  found[#found + 1] = {user, redis.call('HGET', KEYS[1] .. ':names', user) or ''}
end
return found
"""
CLEAN = """
for i = 1, #ARGV, 2 do
  local key = KEYS[1] .. ARGV[i]
  if redis.call('TYPE', key).ok ~= ARGV[i + 1] then redis.call('DEL', key) end
end
"""


class RedisLeases:
    """The leases of all processes. `prefix` keeps instances that share a Redis apart."""

    def __init__(self, client: RedisClient, signer: Signer, prefix: str = "tertulia:presence") -> None:
        self.client = client
        self.signer = signer
        self.sparse_log = SparseLog(log)
        self.prefix = f"{{{prefix}}}"  # in braces, so that a cluster keeps all keys of a script on one node
        self.away = False
        self.process = secrets.token_hex(8)
        self.epoch = b""
        self.own = MemoryLeases()
        self.forgotten = False
        self.scripts = {source: client.register_script(source) for source in (HOLD, SHORTEN, EXPIRE, HERE, CLEAN)}

    async def hold(self, places: list[Place], seconds: float) -> list[Place]:
        own = await self.own.hold(places, seconds)
        answer = await self._hold(places, seconds)
        if answer is None:
            return own
        epoch, fresh = answer
        known, self.epoch = self.epoch, raw(epoch)
        if known not in (b"", self.epoch):
            self.forgotten = True
            await self._hold(self.own.places, seconds)  # Redis has lost all leases, but nobody has left
            return own
        return [places[(index - 4) // 3] for index in fresh]

    async def _hold(self, places: list[Place], seconds: float) -> Any:
        end = int(time.time() + seconds) + CLOCKS_DIFFER
        values = [each for place in places for each in (place.room_id, place.person.id, self._signed(place, end))]
        return await self._run(HOLD, self.prefix, secrets.token_hex(8), self.process, seconds, *values, places=places)

    async def shorten(self, place: Place, seconds: float) -> None:
        await self.own.shorten(place, seconds)
        await self._run(SHORTEN, self.prefix, self.process, seconds, place.room_id, place.person.id, places=[place])

    async def expire(self) -> list[Place]:
        own = await self.own.expire()
        answer = await self._run(EXPIRE, self.prefix)
        if answer is None:
            return own
        ended = [(room, self._person(room, user, value, since=0)) for room, user, value in answer]
        return [Place(int(room), person) for room, person in ended if person is not None]

    async def here(self, room_id: int) -> list[Person]:
        answer = await self._run(HERE, f"{self.prefix}:{room_id}", places=[Place(room_id, Person(0, ""))])
        if answer is None:
            return await self.own.here(room_id)
        now = time.time()
        found = [self._person(str(room_id), user, value, since=now) for user, value in answer]
        return by_name(person for person in found if person is not None)

    async def close(self) -> None:
        await self.client.aclose()

    def _signed(self, place: Place, end: int) -> bytes:
        """A person's name as it stands in Redis, signed, valid until `end` in seconds since 1970."""
        value = f"{end} {place.person.name}".encode()
        topic = self._topic(str(place.room_id), str(place.person.id))
        return self.signer.sign(topic, value).hex().encode() + value

    def _person(self, room: bytes | str, user: bytes | str, entry: bytes | str, since: float) -> Person | None:
        """The person of an entry that a process of ours wrote and that is valid after `since`; None for any other."""
        signature, value = raw(entry)[:32], raw(entry)[32:]
        if not self.signer.accepts(self._topic(room, user), value, unhex(signature)):
            self.sparse_log.warning("entry", "another program writes presence into Redis: an entry is not shown")
            return None
        end, _, name = value.decode().partition(" ")
        return Person(int(user), name) if int(end) > since else None

    def _topic(self, room: bytes | str, user: bytes | str) -> bytes:
        return b"%b:%b:%b" % (self.prefix.encode(), raw(room), raw(user))

    async def _run(self, script: str, key: str, *values: Any, places: Iterable[Place] = ()) -> Any:
        """The script's answer; None while Redis is away. `places` are those whose keys the script uses."""
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self._call(script, key, values, places)
        except (*AWAY, UnicodeDecodeError) as error:
            self._say(away=True, problem=error)
            return None
        self._say(away=False)
        return answer

    async def _call(self, script: str, key: str, values: tuple[Any, ...], places: Iterable[Place]) -> Any:
        """The script's answer. Keys of a wrong type, which another program has written, are deleted."""
        try:
            return await self.scripts[script](keys=[key], args=values)
        except ResponseError as error:
            if "WRONGTYPE" not in str(error):
                raise
        self.sparse_log.warning("key", "another program writes presence into Redis: a key of a wrong type is deleted")
        kinds = {":epoch": "string", ":rooms": "set"}
        for place in places:
            room = f":{place.room_id}"
            kinds |= {room: "zset", f"{room}:names": "hash", f"{room}:{place.person.id}": "zset"}
        await self.scripts[CLEAN](keys=[self.prefix], args=[each for pair in kinds.items() for each in pair])
        return await self.scripts[script](keys=[key], args=values)

    def _say(self, *, away: bool, problem: Exception | None = None) -> None:
        """Log a change, not every attempt."""
        if away and not self.away:
            log.warning("presence has to do without Redis: %s", explained(problem))
        elif self.away and not away:
            log.warning("presence has Redis again")
        self.away = away


def explained(problem: Exception | None) -> str:
    """What to do about it, or what Redis said."""
    if isinstance(problem, MovedError):
        return "REDIS_URL names one node of a Redis Cluster; let it begin with redis+cluster:// or rediss+cluster://"
    return str(problem) or "it did not answer in time"


def raw(value: bytes | str) -> bytes:
    """As bytes: by an option in its URL a client gives texts."""
    return value.encode() if isinstance(value, str) else value


def unhex(value: bytes) -> bytes:
    """Empty when it is no hexadecimal."""
    try:
        return bytes.fromhex(value.decode("ascii"))
    except ValueError:
        return b""
