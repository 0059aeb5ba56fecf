"""Publishing from synchronous code: scripts, cron jobs, threads."""

import os
import secrets
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from redis.connection import parse_url

from ..errors import LayerClosed, LayerUnavailable, WrongLoop
from ..messages import Message, check_name, encode
from ..seal import Seal
from .address import read_url
from .nodes import ClusterNodes, SingleNode
from .topics import DEFAULT_PREFIX, Topics, frame, process_of


class BlockingPublisher:
    """Sends to the channels and groups of the Redis layers with the same URL, prefix and keys.

        with open_publisher("redis://localhost:6379/0", prefix="chat") as publisher:
            publisher.group_send("room.7", {"type": "messages.changed", "room": 7})

    Each call blocks until the server has accepted the event, so it does not belong in an event loop. Threads may share
    a publisher: their events go out one at a time, and each thread's in the order of its calls. It has at most one
    connection per node, opened at first use and again after a failure. Nothing is sent twice, so a failed call is not
    retried; the caller may.

    `timeout`: the seconds that connecting, an answer, and the wait for other threads may each take. A server that does
    not answer costs one timeout.

    ValueError: the URL, a key or `timeout` is unusable. TypeError: the prefix is not a valid name.
    """

    def __init__(
        self, url: str, *, prefix: str = DEFAULT_PREFIX, keys: Sequence[bytes] = (), timeout: float = 1.0
    ) -> None:
        if timeout <= 0:
            raise ValueError("a publisher waits for some time: timeout is above 0")
        address = read_url(url, parse_url)
        self._topics = Topics.of(prefix, address)
        self._seal = Seal(keys) if keys else None
        self._nodes = ClusterNodes(address, timeout) if address.cluster else SingleNode(address.options, timeout)
        self._sender = secrets.token_hex(8)
        self._timeout = timeout
        self._lock = threading.Lock()
        self._pid = 0
        self._closed = False

    def group_send(self, group: str, message: Message) -> None:
        """Sends `message` to every channel of `group`, in all processes. A full member misses it, without an error.

        LayerUnavailable: the server did not accept it, or not in time; then some receivers may have it. TypeError,
        ValueError: not a valid name or message, see `messages.encode`. LayerClosed: after `close`. WrongLoop: in a fork
        of the process that used it first.
        """
        check_name(group)
        self._publish(self._topics.groups + group, self._sender, message)

    def send(self, channel: str, message: Message) -> None:
        """Sends `message` to one channel. One that is full, closed or never existed drops it, without an error.

        Raises what `group_send` raises.
        """
        check_name(channel)
        process = process_of(channel)
        if process is None:
            encode(message)  # TypeError, ValueError
        else:
            self._publish(self._topics.processes + process, channel, message)

    def close(self) -> None:
        """Closes the connections, after the calls that other threads have begun. Closing twice is allowed."""
        self._closed = True
        if self._pid in (0, os.getpid()):
            with self._lock:
                self._nodes.close()

    def _publish(self, topic: str, head: str, message: Message) -> None:
        """One at a time: a frame that was signed before another one must also arrive before it."""
        plain = frame(head, encode(message))
        self._check_process()
        if not self._lock.acquire(timeout=self._timeout):
            raise LayerUnavailable("the events of other threads are waiting for the server")
        try:
            if self._closed:
                raise LayerClosed
            self._nodes.publish(topic, self._seal.close(topic.encode("ascii"), plain) if self._seal else plain)
        finally:
            self._lock.release()

    def _check_process(self) -> None:
        """WrongLoop: a fork has a copy of the lock and of the signatures' sender, so it needs its own publisher."""
        pid = os.getpid()
        if self._pid not in (0, pid):
            raise WrongLoop(f"process {self._pid}, and this is its fork {pid}")
        self._pid = pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
