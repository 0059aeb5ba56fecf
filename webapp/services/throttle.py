"""Limits how often a password, a token or an invitation may be tried.

An attempt is counted before it is made, in all of its counters or in none, and taken back when it was no wrong guess.
The counters are kept in Redis, if there is one, for all processes together, and also by each process, for while Redis
is away. The `limits` library counts one key in a step and cannot take an attempt back.
"""

import asyncio
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from redis.exceptions import TimeoutError as RedisTimeoutError

from webapp.domain.errors import DomainError
from webapp.services.redis_client import AWAY, PATIENCE, open_client
from webapp.settings import Limits

log = logging.getLogger("tertulia.throttle")

REMEMBERED = 50_000
SHORT_PATIENCE = 0.25
"""Seconds for a call while Redis is known to be away. Else a call that takes too long is made a second time, because it
may be this process that is slow."""

# Each key is a counter: the attempts of the last ARGV[2] seconds by Redis's own clock. ARGV[1] names the new attempt,
# which is counted once however often it is sent; the numbers after it are the limits of the counters in turn.
COUNT = """
local t = redis.call('TIME') local now = t[1] + t[2] / 1000000
for i, key in ipairs(KEYS) do
  local done = redis.pcall('ZREMRANGEBYSCORE', key, '-inf', now - ARGV[2])
  if type(done) == 'table' and done.err then redis.call('DEL', key) end
  if redis.call('ZSCORE', key, ARGV[1]) then return 1 end
  if redis.call('ZCARD', key) >= tonumber(ARGV[2 + i]) then return 0 end
end
for _, key in ipairs(KEYS) do
  redis.call('ZADD', key, now, ARGV[1])
  redis.call('EXPIRE', key, ARGV[2])
end
return 1
"""
FORGET = "for _, key in ipairs(KEYS) do redis.call('ZREM', key, ARGV[1]) end"


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that was counted: its random name, and the counters that it is in."""

    name: str
    counters: tuple[str, ...]


class Throttle:
    """`prefix` begins the names of the counters in Redis."""

    def __init__(self, limits: Limits, redis_url: str | None = None, prefix: str = "tertulia") -> None:
        self.limits = limits
        self.here = Counters(limits.logins_seconds)
        self.client = None if redis_url is None else open_client(redis_url)
        self.prefix = f"{{{prefix}:limits}}:"  # in braces, so that a cluster keeps all keys of a script on one node
        self.away = False

    async def sign_in(self, network: str, username: str) -> Attempt | None:
        """None when there were too many wrong passwords from this network, or for this name."""
        return await self._count(
            {f"login:{network}": self.limits.logins_per_address, f"login-name:{username}": self.limits.logins_per_name}
        )

    async def sign_in_again(self, browser: str) -> Attempt | None:
        """The same in a browser that has signed in with this name before, which has a counter of its own."""
        return await self._count({f"login-browser:{browser}": self.limits.logins_per_name})

    async def guess(self, network: str) -> Attempt | None:
        """The same for tokens and codes in links, with the limit of wrong passwords of one network."""
        return await self._count({f"guess:{network}": self.limits.logins_per_address})

    @asynccontextmanager
    async def tried(self, attempt: Attempt, wrong: type[DomainError]) -> AsyncIterator[None]:
        """Takes the attempt back, unless it raises `wrong`, or is cancelled: then the hash was made."""
        try:
            yield
        except Exception as error:
            if not isinstance(error, wrong):
                await self.give_back(attempt)
            raise
        await self.give_back(attempt)

    async def give_back(self, attempt: Attempt) -> None:
        """Count the attempt no longer."""
        self.here.forget(attempt)
        await self._run(FORGET, attempt.counters, attempt.name)

    async def close(self) -> None:
        if self.client is not None:
            await self.client.aclose()

    async def _count(self, most: dict[str, int]) -> Attempt | None:
        attempt = Attempt(secrets.token_hex(8), tuple(most))
        if not self.here.count(attempt, tuple(most.values())):
            return None
        if await self._run(COUNT, attempt.counters, attempt.name, self.limits.logins_seconds, *most.values()) == 0:
            self.here.forget(attempt)
            return None
        return attempt

    async def _run(self, script: str, counters: tuple[str, ...], *values: Any) -> Any:
        """The script's answer, None without Redis."""
        if self.client is None:
            return None
        keys = [self.prefix + counter for counter in counters]
        problem = None
        for patience in (SHORT_PATIENCE,) if self.away else (PATIENCE, PATIENCE):
            try:
                async with asyncio.timeout(patience):
                    answer = await self.client.eval(script, len(keys), *keys, *values)
            except AWAY as error:
                problem = error
                if not isinstance(error, TimeoutError | RedisTimeoutError):
                    break
            else:
                self._say("for all processes together again", away=False)
                return answer
        self._say(f"in each process alone: {str(problem) or 'Redis did not answer in time'}", away=True)
        return None

    def _say(self, how: str, *, away: bool) -> None:
        """Log a change, not every attempt."""
        if away != self.away:
            log.warning("attempts to sign in are counted %s", how)
        self.away = away


class Counters:
    """The counters of this process: the attempts of the last `seconds`, by counter."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self.clock = clock
        self.moments: OrderedDict[str, dict[str, float]] = OrderedDict()

    def count(self, attempt: Attempt, most: tuple[int, ...]) -> bool:
        """Whether there is room in all of the attempt's counters, which then have it."""
        now = self.clock()
        self._drop_until(now - self.seconds)
        for counter, limit in zip(attempt.counters, most, strict=True):
            if len(self._tries(counter, now - self.seconds)) >= limit:
                return False
        for counter in attempt.counters:
            self.moments.setdefault(counter, {})[attempt.name] = now
            self.moments.move_to_end(counter)
        return True

    def forget(self, attempt: Attempt) -> None:
        for counter in attempt.counters:
            tries = self.moments.get(counter, {})
            tries.pop(attempt.name, None)
            if not tries:
                self.moments.pop(counter, None)

    def _tries(self, counter: str, since: float) -> dict[str, float]:
        tries = self.moments.get(counter, {})
        for name in [name for name, moment in tries.items() if moment <= since]:
            del tries[name]
        return tries

    def _drop_until(self, moment: float) -> None:
        """Drop counters without attempts since then, and the oldest of more than REMEMBERED. The newest stands last."""
        while self.moments:
            counter, tries = next(iter(self.moments.items()))
            if len(self.moments) <= REMEMBERED and max(tries.values(), default=0.0) > moment:
                break
            del self.moments[counter]
