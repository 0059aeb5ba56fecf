"""Starts the rendering process, sends it one body at a time, and kills it when it does not answer."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from pathlib import Path

from webapp.markup.protocol import READY, answer, body_frame

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 10.0
ANSWER_SECONDS = 2.0
"""Wall-clock seconds. The process's own CPU timer ends a busy one earlier; this is for a stopped one."""


class Broken(Exception):
    """The process ended or did not start. `overran`: it was killed because the body took too long."""

    def __init__(self, text: str, overran: bool = False) -> None:
        super().__init__(text)
        self.overran = overran


class RenderingProcess:
    """One process, from `start` to `end`. After Broken it is dead and a new one is needed."""

    def __init__(self, command: tuple[str, ...] = (sys.executable, "-m", "webapp.markup.worker")) -> None:
        self.command = command
        self.process: Process | None = None

    async def start(self) -> None:
        """Start it, in a session of its own so that Ctrl-C does not reach it. Raises Broken."""
        try:
            self.process = await asyncio.create_subprocess_exec(
                *self.command, stdin=PIPE, stdout=PIPE, cwd=ROOT, start_new_session=True
            )
        except OSError as error:
            raise Broken(f"cannot be started: {error}") from error
        if await self._read(len(READY), START_SECONDS) != READY:
            await self.end()
            raise Broken("says something else than that it is ready")

    @property
    def pid(self) -> int | None:
        return None if self.process is None else self.process.pid

    async def ask(self, body: str) -> tuple[str, float]:
        """(HTML, CPU seconds used). Raises Broken."""
        assert self.process is not None
        assert self.process.stdin is not None
        if self.process.returncode is not None or self.process.stdin.is_closing():
            raise Broken(f"had ended with status {await self.end()}")
        self.process.stdin.write(body_frame(body))
        size, microseconds = answer.unpack(await self._read(answer.size))
        return (await self._read(size)).decode(), microseconds / 1_000_000

    async def end(self) -> int | None:
        """Kill it and wait; returns its exit status, None if it never ran."""
        if self.process is None:
            return None
        if self.process.returncode is None:
            with suppress(ProcessLookupError):  # it has just ended by itself
                self.process.kill()
        return await self.process.wait()

    async def _read(self, count: int, seconds: float = ANSWER_SECONDS) -> bytes:
        assert self.process is not None
        assert self.process.stdout is not None
        try:
            async with asyncio.timeout(seconds):
                return await self.process.stdout.readexactly(count)
        except (TimeoutError, asyncio.IncompleteReadError, OSError) as error:
            status = await self.end()
            overran = isinstance(error, TimeoutError) or status == -signal.SIGPROF
            raise Broken(f"ended with status {status}", overran) from error
