"""The leases of several processes, in Redis.

When Redis is away a process knows its own people only; when it comes back empty, nobody is taken for new.
"""

import asyncio
import logging
import secrets
from typing import Any

from redis.exceptions import MovedError

from webapp.domain.leases import MemoryLeases, Person, Place, by_name
from webapp.domain.redis_client import AWAY, PATIENCE, RedisClient

log = logging.getLogger("tertulia.presence")

# `PREFIX:epoch` is new when Redis has lost everything. `PREFIX:rooms` are the rooms with anybody in them. `PREFIX:ROOM`
# holds when each person's last lease ends, `PREFIX:ROOM:names` what they are called, and `PREFIX:ROOM:USER` when the
# lease of each process for them ends. All by Redis's own clock, in seconds.
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
return {redis.call('GET', p .. ':epoch'), fresh}
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
  for _, user in ipairs(redis.call('ZRANGEBYSCORE', key, '-inf', now)) do
    over[#over + 1] = {room, user, redis.call('HGET', key .. ':names', user) or ''}
    redis.call('ZREM', key, user)
    redis.call('HDEL', key .. ':names', user)
    redis.call('DEL', key .. ':' .. user)
  end
  if redis.call('EXISTS', key) == 0 then redis.call('SREM', p .. ':rooms', room) end
end
return over
"""
)
HERE = """
local found = {}
for _, user in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  found[#found + 1] = {user, redis.call('HGET', KEYS[1] .. ':names', user) or ''}
end
return found
"""


class RedisLeases:
    """The leases of all processes. `prefix` keeps instances that share a Redis apart."""

    def __init__(self, client: RedisClient, prefix: str = "tertulia:presence") -> None:
        self.client = client
        self.prefix = f"{{{prefix}}}"  # in braces, so that a cluster keeps all keys of a script on one node
        self.away = False
        self.process = secrets.token_hex(8)
        self.epoch = ""
        self.own = MemoryLeases()
        self.forgotten = False
        self.scripts = {source: client.register_script(source) for source in (HOLD, SHORTEN, EXPIRE, HERE)}

    async def hold(self, places: list[Place], seconds: float) -> list[Place]:
        own = await self.own.hold(places, seconds)
        answer = await self._hold(places, seconds)
        if answer is None:
            return own
        epoch, fresh = answer
        known, self.epoch = self.epoch, text(epoch)
        if known not in ("", self.epoch):
            self.forgotten = True
            await self._hold(self.own.places, seconds)  # Redis has forgotten everybody; they were here all the same
            return own
        return [places[(index - 4) // 3] for index in fresh]

    async def _hold(self, places: list[Place], seconds: float) -> Any:
        values = [each for place in places for each in (place.room_id, place.person.id, place.person.name)]
        return await self._run(HOLD, self.prefix, secrets.token_hex(8), self.process, seconds, *values)

    async def shorten(self, place: Place, seconds: float) -> None:
        await self.own.shorten(place, seconds)
        await self._run(SHORTEN, self.prefix, self.process, seconds, place.room_id, place.person.id)

    async def expire(self) -> list[Place]:
        own = await self.own.expire()
        answer = await self._run(EXPIRE, self.prefix)
        if answer is None:
            return own
        return [Place(int(room), Person(int(user), text(name))) for room, user, name in answer]

    async def here(self, room_id: int) -> list[Person]:
        answer = await self._run(HERE, f"{self.prefix}:{room_id}")
        if answer is None:
            return await self.own.here(room_id)
        return by_name(Person(int(user), text(name)) for user, name in answer)

    async def close(self) -> None:
        await self.client.aclose()

    async def _run(self, script: str, key: str, *values: Any) -> Any:
        """The script's answer, None while Redis is away."""
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self.scripts[script](keys=[key], args=values)
        except AWAY as error:
            self._say(away=True, problem=error)
            return None
        self._say(away=False)
        return answer

    def _say(self, *, away: bool, problem: Exception | None = None) -> None:
        """Once, not at every attempt."""
        if away and not self.away:
            log.warning("presence has to do without Redis: %s", explained(problem))
        elif self.away and not away:
            log.warning("presence has Redis again")
        self.away = away


def explained(problem: Exception | None) -> str:
    if isinstance(problem, MovedError):
        return "REDIS_URL names one node of a Redis Cluster; let it begin with redis+cluster:// or rediss+cluster://"
    return str(problem) or "it did not answer in time"


def text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
