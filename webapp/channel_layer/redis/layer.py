"""The channel layer for several processes."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Self

from ..base import ChannelLayer, Watcher
from ..errors import LayerUnavailable
from ..local import LocalChannels
from ..messages import Message, check_name, encode
from ..seal import Refused, Seal
from ..sparse_log import SparseLog
from .address import read_url
from .cluster import Cluster
from .reporter import Reporter
from .server import Server, Transport
from .topics import DEFAULT_PREFIX, Topics, frame, process_of

logger = logging.getLogger(__name__)


class RedisChannelLayer(ChannelLayer):
    """Two connections per process and server, one to publish and one to subscribe; opened at first use, reopened by
    themselves.

    A message goes to this process's channels directly and to other processes through the server; the server's echo is
    ignored. So members in this process need no server, the order per sender holds within and between processes, and
    `send` to a local channel can raise ChannelFull.

    `prefix` and the database number keep installations on one server apart. `keys` sign what is published; what arrives
    without a valid signature is dropped, counted in `refused`, and logged once a minute. Without keys anyone who can
    write to the server can send any event to any group. `timeout`: the seconds that an answer may take, and the idle
    seconds after which the server is pinged.

    `redis+cluster://`: sharded pub/sub, which carries an event only within its group's shard. The order per sender then
    holds in each group, and in what is sent to single channels, but not between them, because their nodes may differ.
    Nor does it hold during a failover: a message published to the old master may arrive after later ones.

    ValueError: the URL, a key, `capacity` or `expiry` is unusable. TypeError: the prefix is not a valid name.
    """

    def __init__(
        self,
        url: str,
        capacity: int = 100,
        expiry: float = 60,
        *,
        prefix: str = DEFAULT_PREFIX,
        keys: Sequence[bytes] = (),
        clock: Callable[[], float] = time.monotonic,
        timeout: float = 1.0,
    ) -> None:
        address = read_url(url)
        self.capacity = capacity
        self.expiry = expiry
        self._topics = Topics.of(prefix, address)
        self._groups = self._topics.groups
        self._seal = Seal(keys) if keys else None
        self.refused = 0
        self._sparse_log = SparseLog(logger)
        self._local = LocalChannels(capacity, expiry, clock)
        reporter = Reporter(self._changed, self._arrived)
        self._redis: Transport = (
            Cluster(address, reporter, timeout, self._topics.probe)
            if address.cluster
            else Server(address.options, reporter, timeout, self._topics.probe)
        )
        self._started = False
        self._connected = False
        self._reported: str | None = None
        self._watchers: list[Watcher] = []

    @property
    def connected(self) -> bool:
        return self._redis.up

    @property
    def problem(self) -> str | None:
        return self._redis.problem

    def watch(self, watcher: Watcher) -> None:
        self._watchers.append(watcher)

    async def new_channel(self, prefix: str = "specific") -> str:
        self._start()
        return self._local.open(prefix)

    async def close_channel(self, channel: str) -> None:
        self._unsubscribe(self._local.forget(channel))

    async def send(self, channel: str, message: Message) -> None:
        check_name(channel)
        self._start()
        payload = encode(message)
        process = process_of(channel)
        if process == self._local.process:
            if self._local.put(channel, payload):
                await asyncio.sleep(0)
        elif process is not None:
            topic = self._topics.processes + process
            await self._redis.publish(topic, self._sealed(topic, frame(channel, payload)))

    async def receive(self, channel: str) -> Message:
        return await self._local.receive(channel)

    def dropped(self, channel: str) -> int:
        return self._local.mailbox(channel).dropped

    async def group_add(self, group: str, channel: str) -> None:
        self._start()
        self._local.join(group, channel)
        self._listen(self._groups + group)
        await self._redis.confirmation(self._groups + group)
        self._local.mailbox(channel)  # LayerClosed, ChannelClosed: if that happened meanwhile

    async def group_discard(self, group: str, channel: str) -> None:
        if self._local.leave(group, channel):
            self._unsubscribe([group])

    async def group_send(self, group: str, message: Message) -> None:
        check_name(group)
        self._start()
        payload = encode(message)
        crowded = self._local.deliver(group, payload)
        topic = self._groups + group
        try:
            await self._redis.publish(topic, self._sealed(topic, frame(self._local.process, payload)))
        except LayerUnavailable:
            if crowded:  # a server known to be down raises without yielding to the loop
                await asyncio.sleep(0)
            raise

    async def flush(self) -> None:
        self._unsubscribe(self._local.clear())

    async def close(self) -> None:
        self._local.close()
        await self._redis.stop()

    async def __aenter__(self) -> Self:
        self._start()
        return self

    def _start(self) -> None:
        """At first use, because only then the loop and the (perhaps forked) process are known. LayerClosed,
        WrongLoop."""
        self._local.enter()
        self._local.check_process()
        if not self._started:
            self._started = True
            self._listen(self._topics.processes + self._local.process)
            self._redis.start()

    def _listen(self, topic: str) -> None:
        self._redis.want(topic)
        if self._seal:
            self._seal.listen(topic.encode())

    def _unsubscribe(self, groups: list[str]) -> None:
        for group in groups:
            self._redis.drop(self._groups + group)
            if self._seal:
                self._seal.forget((self._groups + group).encode())

    def _sealed(self, topic: str, plain: bytes) -> bytes:
        """Must be called in the order in which the frames are published."""
        return self._seal.close(topic.encode("ascii"), plain) if self._seal else plain

    def _opened(self, topic: bytes, data: bytes) -> bytes | None:
        """The frame without its signature; None: refused, or our own echo."""
        if self._seal is None:
            return data
        try:
            return self._seal.open(topic, data)
        except Refused as error:
            self.refused += 1
            self._sparse_log.warning(str(error), "an event in %s was refused: %s", topic.decode("ascii"), error)
            return None

    def _arrived(self, topic: bytes, data: bytes) -> bool:
        """Called by the subscriber; returns whether a channel is half full now."""
        if not data:  # a publisher's test of its permission
            return False
        opened = self._opened(topic, data)
        if opened is None:
            return False
        head, _, payload = opened.partition(b" ")
        name = topic.decode("ascii")
        if not name.startswith(self._groups):
            return self._local.post(head.decode("ascii", "replace"), payload)
        return head != self._local.process.encode() and self._local.deliver(name.removeprefix(self._groups), payload)

    def _changed(self) -> None:
        """Called by the links when their `up` or `problem` has changed."""
        self._report()
        if self.connected == self._connected:
            return
        self._connected = self.connected
        for watcher in self._watchers:
            try:
                watcher(self._connected)
            except Exception:  # must not end the link, nor keep the other watchers from being called
                logger.exception("a watcher of the channel layer failed")

    def _report(self) -> None:
        """Logs each problem once, not at every attempt."""
        if self.problem is not None and self.problem != self._reported:
            logger.warning("the channel layer cannot reach Redis: %s", self.problem)
            self._reported = self.problem
        elif self.connected and not self._connected:
            logger.info("the channel layer reaches Redis")
            self._reported = None
