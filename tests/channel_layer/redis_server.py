"""A real redis-server of a test's own: in a temporary folder, on a free port, ended by its own pid."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import redis

from tests.ports import free_port

START_WITHIN = 20.0


class RedisServer:
    """`arguments` are redis-server's own, for instance `"--requirepass", "sesame"`."""

    def __init__(self, folder: Path, *arguments: str, password: str | None = None) -> None:
        self.folder = folder
        self.port = free_port()
        self.socket = folder / "redis.sock"
        self.password = password
        self.arguments = [*arguments, *(("--requirepass", password) if password else ())]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        return self._process is not None

    def start(self) -> "RedisServer":
        """Empty, on the same port as before, and answering."""
        address = ["--port", str(self.port), "--bind", "127.0.0.1", "--unixsocket", str(self.socket)]
        storage = ["--dir", str(self.folder), "--save", "", "--appendonly", "no", "--logfile", "redis.log"]
        self._process = subprocess.Popen(["redis-server", *address, *storage, *self.arguments])
        deadline = time.monotonic() + START_WITHIN
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.folder / "redis.log").read_text())
            time.sleep(0.02)
        return self

    def kill(self) -> None:
        """kill -9, and gone when this returns."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """Alive for the kernel, which takes connections for it; silent for everybody else."""
        os.kill(self._running().pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self._running().pid, signal.SIGCONT)

    def command(self, *words: str) -> Any:
        with redis.Redis(unix_socket_path=str(self.socket), password=self.password, protocol=2) as client:
            return client.execute_command(*words)

    def type_ahead(self, *lines: str) -> socket.socket:
        """Writes commands without waiting for answers, as to a server that is paused. To be closed by the caller."""
        typed = socket.socket(socket.AF_UNIX)
        typed.connect(str(self.socket))
        typed.sendall("".join(f"{line}\r\n" for line in lines).encode())
        return typed

    def subscribers(self, topic: str) -> int:
        """Connections that are subscribed to `topic`."""
        return int(self.command("PUBSUB", "NUMSUB", topic)[1])

    def _running(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None, "not started"
        return self._process

    def _answers(self) -> bool:
        try:
            return bool(self.command("PING"))
        except redis.ConnectionError:
            return False
