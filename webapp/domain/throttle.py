"""How often somebody may do something. Kept by the `limits` library, in this process or in Redis."""

from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter

from webapp.settings import Limits


class Throttle:
    """Each question counts as one attempt, unless its name says otherwise."""

    def __init__(self, limits: Limits, storage: Storage | None = None) -> None:
        self.window = MovingWindowRateLimiter(storage or MemoryStorage())
        self.per_address = RateLimitItemPerSecond(limits.logins_per_address, limits.logins_seconds)
        self.per_name = RateLimitItemPerSecond(limits.logins_per_name, limits.logins_seconds)
        self.posts = RateLimitItemPerSecond(limits.posts, limits.posts_seconds)

    async def may_sign_in(self, address: str, username: str) -> bool:
        """Whether there were few enough wrong passwords, from this address and for this name. Counts nothing."""
        return await self.window.test(self.per_address, "login", address) and await self.window.test(
            self.per_name, "login-name", username
        )

    async def wrong_password(self, address: str, username: str) -> None:
        await self.window.hit(self.per_address, "login", address)
        await self.window.hit(self.per_name, "login-name", username)

    async def may_guess(self, address: str) -> bool:
        """For tokens and codes in links: as many wrong ones as wrong passwords."""
        return await self.window.test(self.per_address, "guess", address)

    async def wrong_guess(self, address: str) -> None:
        await self.window.hit(self.per_address, "guess", address)

    async def may_post(self, user_id: int) -> bool:
        return await self.window.hit(self.posts, "post", str(user_id))
