"""How often somebody may do something, by the `limits` library.

Wrong passwords and guesses are counted in Redis when there is one, for all processes together, and by each alone while
it is away.
"""

import asyncio
import logging

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from webapp.domain.redis_client import AWAY, PATIENCE, open_storage
from webapp.settings import Limits

log = logging.getLogger("tertulia.throttle")


class Throttle:
    """Asking counts nothing. `prefix` begins the names of the counters in Redis."""

    def __init__(self, limits: Limits, redis_url: str | None = None, prefix: str = "tertulia") -> None:
        self.here = MovingWindowRateLimiter(MemoryStorage())
        self.everywhere = self.here
        if redis_url is not None:
            self.everywhere = MovingWindowRateLimiter(open_storage(redis_url, f"{prefix}:limits"))
        self.per_address = RateLimitItemPerSecond(limits.logins_per_address, limits.logins_seconds)
        self.per_name = RateLimitItemPerSecond(limits.logins_per_name, limits.logins_seconds)

    async def may_sign_in(self, address: str, username: str) -> bool:
        """Whether there were few enough wrong passwords, from this address and for this name."""
        return await self._test(self.per_address, "login", address) and await self._test(
            self.per_name, "login-name", username
        )

    async def wrong_password(self, address: str, username: str) -> None:
        await self._hit(self.per_address, "login", address)
        await self._hit(self.per_name, "login-name", username)

    async def may_guess(self, address: str) -> bool:
        """For tokens and codes in links: as many wrong ones as wrong passwords."""
        return await self._test(self.per_address, "guess", address)

    async def wrong_guess(self, address: str) -> None:
        await self._hit(self.per_address, "guess", address)

    async def _test(self, item: RateLimitItem, *key: str) -> bool:
        if not await self.here.test(item, *key):
            return False
        try:
            async with asyncio.timeout(PATIENCE):
                return await self.everywhere.test(item, *key)
        except AWAY as error:
            log.warning("counting attempts in this process alone: %s", str(error) or "Redis did not answer in time")
            return True

    async def _hit(self, item: RateLimitItem, *key: str) -> None:
        if self.everywhere is not self.here:
            await self.here.hit(item, *key)
        try:
            async with asyncio.timeout(PATIENCE):
                await self.everywhere.hit(item, *key)
        except AWAY as error:
            log.warning("counting attempts in this process alone: %s", str(error) or "Redis did not answer in time")
