"""Argon2id, in threads of its own: it is slow on purpose, and takes 64 MiB while it runs."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 10, 1_000
hasher = PasswordHasher()
pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


@cache
def nobody() -> str:
    """What a name without an account is compared with, so that it takes as long as a wrong password."""
    return hasher.hash("nobody's password")


def problem(password: str) -> str | None:
    """Why this password cannot be taken, in the form's words."""
    if len(password) < SHORTEST:
        return f"A password needs at least {SHORTEST} characters."
    if len(password) > LONGEST:
        return f"A password has at most {LONGEST} characters; this one has {len(password)}."
    return None


async def hash_password(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(pool, hasher.hash, password)


async def verify(hashed: str | None, password: str) -> bool:
    """Whether the password fits; None, nobody's hash, takes as long and never fits."""
    fits = await asyncio.get_running_loop().run_in_executor(pool, _fits, hashed, password[: LONGEST + 1])
    return fits and hashed is not None


def _fits(hashed: str | None, password: str) -> bool:
    try:
        return hasher.verify(hashed or nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
