"""The channel layer of many processes, over the pub/sub of a Redis server or of a Redis Cluster."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Self

from webapp.channel_layer.base import ChannelLayer, Watcher
from webapp.channel_layer.errors import LayerUnavailable
from webapp.channel_layer.local import LocalChannels
from webapp.channel_layer.messages import Message, check_name, encode
from webapp.channel_layer.redis_cluster import Cluster
from webapp.channel_layer.redis_connection import read_url
from webapp.channel_layer.redis_reporter import Reporter
from webapp.channel_layer.redis_server import Server, Transport
from webapp.channel_layer.seal import Refused, Seal
from webapp.channel_layer.sparse_log import SparseLog

logger = logging.getLogger(__name__)


class RedisChannelLayer(ChannelLayer):
    """Two connections per process and server, one to publish and one to listen, made at first use and kept up by
    themselves.

    What this process sends goes to its own channels at once and by the server to the others, whose name for it drops
    the echo here. So our own members need no server, order per sender holds within and between processes, and a
    `send` to a channel of ours can say that it is full.

    `prefix` and the database number keep installations on one server apart (pub/sub itself knows no databases).
    `keys` sign what goes over the server; what comes without such a signature is refused, counted in `refused`, and
    told once a minute. Without keys whoever can write to the server can say anything in any group.
    `timeout`: seconds that any answer may take, and of silence after which the server is asked for one.
    `redis+cluster://`: sharded pub/sub, which sends an event to its group's shard and no further. There the order per
    sender holds in each group, and in what is sent to single channels, but not between them: the nodes may differ. Nor
    while a replica takes over: what came to the old master may reach its heir after what came later.
    """

    def __init__(
        self,
        url: str,
        capacity: int = 100,
        expiry: float = 60,
        *,
        prefix: str = "tertulia",
        keys: Sequence[bytes] = (),
        clock: Callable[[], float] = time.monotonic,
        timeout: float = 1.0,
    ) -> None:
        check_name(prefix)
        address = read_url(url)
        self.capacity = capacity
        self.expiry = expiry
        self._namespace = f"{prefix}:{address.options.get('db', 0)}"
        self._groups = f"{self._namespace}:group:"
        self._seal = Seal(keys) if keys else None
        self.refused = 0
        self._sparse_log = SparseLog(logger)
        self._local = LocalChannels(capacity, expiry, clock)
        reporter = Reporter(self._changed, self._arrived)
        probe = self._mail_of("probe")
        self._redis: Transport = (
            Cluster(address, reporter, timeout, probe)
            if address.cluster
            else Server(address.options, reporter, timeout, probe)
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
            topic = self._mail_of(process)
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
        self._local.mailbox(channel)  # whether the layer, or the channel, was closed meanwhile

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
            if crowded:  # known to be away: it was raised without a turn of the loop
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
        """At first use and not before: only now there is a loop, and the process that it runs in."""
        self._local.enter()
        self._local.check_process()
        if not self._started:
            self._started = True
            self._listen(self._mail_of(self._local.process))
            self._redis.start()

    def _mail_of(self, process: str) -> str:
        """The topic of what is sent to single channels of `process`."""
        return f"{self._namespace}:process:{process}"

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
        """To be called in the moment in which the frame takes its place in the order of what is sent."""
        return self._seal.close(topic.encode("ascii"), plain) if self._seal else plain

    def _opened(self, topic: bytes, data: bytes) -> bytes | None:
        """The frame that was signed, None for what is not for us."""
        if self._seal is None:
            return data
        try:
            return self._seal.open(topic, data)
        except Refused as error:
            self.refused += 1
            self._sparse_log.warning(str(error), "an event in %s was refused: %s", topic.decode("ascii"), error)
            return None

    def _arrived(self, topic: bytes, data: bytes) -> bool:
        """Called by the subscriber; whether a channel is half full now. The head of a frame is the sender's name, or
        the channel's in a process's mail."""
        if not data:  # a publisher asks whether it may
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
        """Called by both links."""
        self._report()
        if self.connected == self._connected:
            return
        self._connected = self.connected
        for watcher in self._watchers:
            try:
                watcher(self._connected)
            except Exception:  # its own fault, not the layer's: the link and the other watchers go on
                logger.exception("a watcher of the channel layer failed")

    def _report(self) -> None:
        """Each problem once, not at every attempt."""
        if self.problem is not None and self.problem != self._reported:
            logger.warning("the channel layer cannot reach Redis: %s", self.problem)
            self._reported = self.problem
        elif self.connected and not self._connected:
            logger.info("the channel layer reaches Redis")
            self._reported = None


def process_of(channel: str) -> str | None:
    """The process in a channel's name; None if it is not a name that `new_channel` gave."""
    parts = channel.rsplit(".", 2)
    return parts[1] if len(parts) == 3 else None


def frame(head: str, payload: bytes) -> bytes:
    return b"%b %b" % (head.encode("ascii"), payload)
