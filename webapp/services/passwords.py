"""Argon2id, in threads of its own: it is slow on purpose, and takes 64 MiB while it runs.

Few run at once. Who has to wait stands in a short queue: whoever has the least company there, by their network and by
the name that they want, is next, and of the largest crowd the longest waiting is sent away when the queue is full.
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
hasher = PasswordHasher()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who wants a hash: the groups that they are of, the widest first, such as a site, a network and a name.

    `familiar`: this person has signed in with that browser before, and goes before strangers.
    """

    groups: tuple[str, ...]
    familiar: bool = False


class Turn:
    """A caller's place in the queue. `come` is true when the turn has come, false when they are sent away."""

    __slots__ = ("caller", "come")

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.come: asyncio.Future[bool] = asyncio.get_running_loop().create_future()


class Passwords:
    """`patience`: the seconds after which a hash that has not begun is not made."""

    def __init__(self, threads: int = THREADS, waiting: int = WAITING, patience: float = PATIENCE) -> None:
        self.threads = threads
        self.longest = waiting
        self.patience = patience
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self.waiting: list[Turn] = []
        self.running: list[Turn] = []
        self.crowds: Counter[str] = Counter()
        self.nobody = fitting_nothing()

    async def hash(self, caller: Caller, password: str) -> str:
        """Raises Busy."""
        return await self._run(caller, hasher.hash, password)  # type: ignore[no-any-return]

    async def verify(self, caller: Caller, hashed: str | None, password: str) -> bool:
        """Whether the password fits; None, nobody's hash, takes as long and never fits. Raises Busy."""
        return await self._run(caller, fits, hashed or self.nobody, password[: LONGEST + 1])  # type: ignore[no-any-return]

    async def close(self) -> None:
        self.pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, caller: Caller, work: Callable[..., Any], *args: Any) -> Any:
        turn = await self._turn(caller)
        job = asyncio.get_running_loop().run_in_executor(self.pool, work, *args)
        job.add_done_callback(lambda _: self._leave(turn))
        return await asyncio.shield(job)  # a thread goes on for who has gone, and is not free before

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
            raise Busy("Many people are at the door just now. Try again in a moment.", 2)
        return turn

    def _advance(self) -> None:
        """Gives free threads away, among equals to who came last: a burst makes room for who comes after it."""
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
                self.crowds += Counter()  # drops those that are empty
        self._advance()

    def _crowd(self, turn: Turn) -> tuple[bool | int, ...]:
        """How much company somebody has. A familiar browser has none, as long as it asks once at a time."""
        sizes = [self.crowds[group] for group in turn.caller.groups]
        return (not turn.caller.familiar or sizes[-1] > 1, *sizes)


def problem(password: str) -> str | None:
    """Why this password cannot be taken, in the form's words."""
    if len(password) < SHORTEST:
        return f"A password needs at least {SHORTEST} characters."
    if len(password) > LONGEST:
        return f"A password has at most {LONGEST} characters; this one has {len(password)}."
    return None


def fits(hashed: str, password: str) -> bool:
    try:
        return hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def fitting_nothing() -> str:
    """What a name without an account is compared with: as slow as any other hash, but made of chance."""
    salt, digest = (
        base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (hasher.salt_len, hasher.hash_len)
    )
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${cost}${salt}${digest}"
