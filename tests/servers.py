"""Real servers for tests: the program as it is deployed, in a process of its own; and a wire that can be cut."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Self

import httpx

from tests.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
SETUP_TOKEN = "a-token-for-tests-only"
START_WITHIN, STOP_WITHIN = 60.0, 30.0
KEPT = b"public, max-age=31536000, immutable"
Queue = asyncio.Queue[tuple[float, bytes]]
ON_ITS_WAY = 32  # pieces of at most 64 KiB
PLAIN = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")


BOUNDED = "webapp.transport.http:BoundedHttp"
UNHURRIED = {"MAX_CHANGES": "100000", "MAX_NEW_ROOMS": "100000", "PASSWORD_MEMORY": "19"}
"""One person does in a test what many do in a day, and dozens sign up. A test of these limits sets them."""
FRAMES, PLAIN_WS = "webapp.sockets.protocol:FrameProtocol", "websockets-sansio"


class Server:
    """One process of Tertulia on a port and a data folder that it keeps over restarts.

    `environ` is what settings.py reads, for instance `Server(folder, REDIS_URL=url, MAX_POSTS="100000")`; nothing of
    the kind is taken from the environment that the tests run in. Its log is `server.log` in its folder. `root` is where
    the program is: this one, or a copy of it.
    """

    root = ROOT

    def __init__(self, folder: Path, port: int | None = None, ws: str = FRAMES, **environ: str) -> None:
        self.ws = ws
        self.folder = folder
        self.port = port or free_port()
        self.log = folder / "server.log"
        self.environ = {
            **{name: os.environ[name] for name in PLAIN if name in os.environ},
            "PYTHONUNBUFFERED": "1",
            "DATA_DIR": str(folder),
            "SETUP_TOKEN": SETUP_TOKEN,
            "PORT": str(self.port),
            **UNHURRIED,
            **environ,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self._running().pid

    @property
    def cpu_seconds(self) -> float:
        """What the process has used of a processor so far."""
        user, system = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    @property
    def command(self) -> list[str]:
        return [
            sys.executable, "-m", "uvicorn", "webapp.main:app", "--host", "127.0.0.1", "--port", str(self.port),
            "--http", BOUNDED, "--ws", self.ws, "--ws-max-size", "65536",
            "--timeout-graceful-shutdown", "10", "--no-access-log",
        ]  # fmt: skip

    def start(self) -> Self:
        """Running and answering, when this returns."""
        assert self._process is None, "it runs already"
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command, cwd=self.root, env=self.environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_WITHIN
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"the server did not start:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.05)
        return self

    def terminate(self) -> int:
        """SIGTERM, and gone when this returns; its exit status."""
        process = self._running()
        process.terminate()
        try:
            return process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        finally:
            self._process = None

    def kill(self) -> None:
        """kill -9, and gone when this returns. Does nothing to one that is gone already."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> Self:
        """SIGTERM, then the same again on the same port and data."""
        self.terminate()
        return self.start()

    def pause(self) -> None:
        """Silent, but alive for the kernel: open connections stay open, nothing answers."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._running().send_signal(signal.SIGCONT)

    def _running(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None, "it does not run"
        return self._process

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/up", timeout=5, trust_env=False).is_success
        except httpx.TransportError:
            return False


class ServeCommand(Server):
    """The same by `python -m webapp serve`."""

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "webapp", "serve"]


class Wire:
    """Between a browser and a server: everything passes, until it is cut.

    A cut resets what is open and refuses what is new; what a program does to be offline leaves open sockets alone.
    `delay` is in seconds, one way: an answer comes after twice that. With `keeps_nothing` a browser is told to keep
    no answer, static files too, as if it had no cache.
    """

    def __init__(self, port: int) -> None:
        self.far_port = port
        self.port = free_port()
        self.delay = 0.0
        self.keeps_nothing = False
        self._links: set[Link] = set()
        self._listening: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wire", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Self:
        self._thread.start()
        self.restore()
        return self

    def cut(self) -> None:
        self._do(self._cut())

    def restore(self) -> None:
        self._do(self._listen())

    def stall_sockets(self) -> None:
        """WebSockets that are open now stay open, and nothing passes any more: neither end is told."""
        self._do(self._stall())

    def close(self) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _listen(self) -> None:
        self._listening = await asyncio.start_server(self._carry, "127.0.0.1", self.port)

    async def _cut(self) -> None:
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        for link in self._links:
            link.abort()
        await asyncio.gather(*(link.task for link in self._links), return_exceptions=True)

    async def _stall(self) -> None:
        for link in self._links:
            link.stalled = link.is_socket

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(self, reader, writer)
        self._links.add(link)
        try:
            await link.carry()
        except* OSError:
            pass  # an end went away, or the wire was cut: both ends hear of it now
        finally:
            self._links.discard(link)
            link.abort()


class Link:
    """One connection through the wire."""

    def __init__(self, wire: Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.task = task
        self.wire = wire
        self.reader = reader
        self.writers = [writer]
        self.is_socket = self.stalled = self.aborted = False

    async def carry(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.wire.far_port)
        self.writers.append(writer)
        if self.aborted:
            raise ConnectionAbortedError
        async with asyncio.TaskGroup() as group:
            for source, sink in ((self.reader, writer), (reader, self.writers[0])):
                on_its_way: Queue = asyncio.Queue(ON_ITS_WAY)
                group.create_task(self._take(source, on_its_way))
                group.create_task(self._give(on_its_way, sink))

    async def _take(self, reader: asyncio.StreamReader, on_its_way: Queue) -> None:
        """Reads at once, also while what came before is still on its way: a delay does not narrow the wire."""
        data = b"any"
        while data:
            data = await reader.read(65_536)
            self.is_socket = self.is_socket or b"upgrade: websocket" in data.lower()
            if self.wire.keeps_nothing:
                data = data.replace(KEPT, b"no-store".ljust(len(KEPT)))
            await on_its_way.put((time.monotonic() + self.wire.delay, data))

    async def _give(self, on_its_way: Queue, writer: asyncio.StreamWriter) -> None:
        while True:
            due, data = await on_its_way.get()
            await asyncio.sleep(due - time.monotonic())
            if not data:
                break
            if not self.stalled:
                writer.write(data)
                await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    def abort(self) -> None:
        self.aborted = True
        for writer in self.writers:
            writer.transport.abort()
