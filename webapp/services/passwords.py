"""Hashes passwords with Argon2id in threads: it is slow on purpose, and takes much memory while it runs, 64 MiB
unless the settings say otherwise.

Two run at once, the others wait in a short queue. Next is the caller with the fewest others of the same network and
name in it; when the queue is full, the longest waiting caller of the largest such group is refused.
"""

import asyncio
import base64
import secrets
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from webapp.domain.errors import Busy

SHORTEST, LONGEST = 10, 1_000
THREADS, WAITING, PATIENCE = 2, 32, 10.0
MEMORY_MIB = 64


@dataclass(frozen=True, slots=True)
class Caller:
    """Who wants a hash, by the groups that they count among, the widest first, such as a site, a network and a name.

    `familiar`: this person has signed in with that browser before, and goes first.
    """

    groups: tuple[str, ...]
    familiar: bool = False


class Turn:
    """A caller in the queue. `come` becomes true when it is their turn, false when they are refused."""

    __slots__ = ("caller", "come")

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.come: asyncio.Future[bool] = asyncio.get_running_loop().create_future()


class Passwords:
    """`memory` is in MiB for each hash; `patience`: seconds after which a caller who still waits is refused."""

    def __init__(
        self, memory: int = MEMORY_MIB, threads: int = THREADS, waiting: int = WAITING, patience: float = PATIENCE
    ) -> None:
        self.hasher = hasher(memory)
        self.threads = threads
        self.longest = waiting
        self.patience = patience
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self.waiting: list[Turn] = []
        self.running: list[Turn] = []
        self.crowds: Counter[str] = Counter()
        self.nobody = fitting_nothing(self.hasher)

    async def hash(self, caller: Caller, password: str) -> str:
        """The password's hash. Raises Busy when the queue is full, or the wait too long."""
        return await self._run(caller, self.hasher.hash, password)  # type: ignore[no-any-return]

    async def verify(self, caller: Caller, hashed: str | None, password: str) -> bool:
        """Whether the password fits the hash; None takes as long and never fits. Raises Busy."""
        return await self._run(caller, fits, hashed or self.nobody, password[: LONGEST + 1])  # type: ignore[no-any-return]

    async def close(self) -> None:
        self.pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, caller: Caller, work: Callable[..., Any], *args: Any) -> Any:
        turn = await self._turn(caller)
        job = asyncio.get_running_loop().run_in_executor(self.pool, work, *args)
        job.add_done_callback(lambda _: self._leave(turn))
        return await asyncio.shield(job)  # the thread runs to the end also when the caller goes

    async def _turn(self, caller: Caller) -> Turn:
        turn = Turn(caller)
        self.waiting.append(turn)
        self.crowds.update(caller.groups)
        self._advance()
        if len(self.waiting) > self.longest:
            self._send_away(max(self.waiting, key=self._crowd))
        timer = asyncio.get_running_loop().call_later(self.patience, self._send_away, turn)
        come = False
        try:
            come = await turn.come
        finally:
            timer.cancel()
            if not come:
                self._leave(turn)
        if not come:
            raise Busy("Many people are signing in just now. Try again in a moment.", 2)
        return turn

    def _advance(self) -> None:
        """Give free threads to the next callers, among equals to the latest: a burst delays nobody after it."""
        while self.waiting and len(self.running) < self.threads:
            turn = min(reversed(self.waiting), key=self._crowd)
            self.waiting.remove(turn)
            self.running.append(turn)
            if not turn.come.done():
                turn.come.set_result(True)

    def _send_away(self, turn: Turn) -> None:
        if not turn.come.done():
            self._leave(turn)
            turn.come.set_result(False)

    def _leave(self, turn: Turn) -> None:
        for turns in (self.waiting, self.running):
            if turn in turns:
                turns.remove(turn)
                self.crowds.subtract(turn.caller.groups)
                self.crowds += Counter()  # removes those that are empty
        self._advance()

    def _crowd(self, turn: Turn) -> tuple[bool | int, ...]:
        """How many others are in the caller's groups. A familiar browser that asks once at a time goes first."""
        sizes = [self.crowds[group] for group in turn.caller.groups]
        return (not turn.caller.familiar or sizes[-1] > 1, *sizes)


def problem(password: str) -> str | None:
    """Why this password is not accepted, as the form says it; None when it is."""
    if len(password) < SHORTEST:
        return f"A password needs at least {SHORTEST} characters."
    if len(password) > LONGEST:
        return f"A password has at most {LONGEST} characters; this one has {len(password)}."
    return None


def hasher(memory: int = MEMORY_MIB) -> PasswordHasher:
    """Makes hashes that take this many MiB, and the more time the more memory. A hash says what it takes."""
    return PasswordHasher(memory_cost=memory * 1024)


def fits(hashed: str, password: str) -> bool:
    """Whether this is the hash of that password."""
    try:
        return hasher().verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def fitting_nothing(hasher: PasswordHasher) -> str:
    """A random hash: the password of an unknown name is compared with it, which takes as long as with a real one."""
    salt, digest = (
        base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (hasher.salt_len, hasher.hash_len)
    )
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${cost}${salt}${digest}"
