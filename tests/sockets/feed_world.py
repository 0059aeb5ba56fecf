"""One room, its feed and its readers, and everything that is under way between them, moved on by hand."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from tests.factories import House
from tests.pages import PARTIAL, Log, messages_in
from webapp.channel_layer import method_name
from webapp.domain import history, rooms
from webapp.domain.history import Changes
from webapp.settings import Limits
from webapp.sockets.connection import Connection
from webapp.sockets.feed import Feed
from webapp.templating import RenderedMessages


class Reader:
    """A page that was loaded, and the socket that leads it on."""

    def __init__(self, page: Changes) -> None:
        self.log = Log(page.head)
        self.log.messages = messages_in("".join(str(RenderedMessages().html(each)) for each in page.messages))
        self.log.name = page.room.name if page.room else "unknown"
        self.since = page.head
        self.posted: list[int] = []
        self.connection = Connection({}, self._send, Limits(backlog_frames=10_000))

    async def _send(self, event: dict[str, Any]) -> None:
        if event["type"] == "websocket.send":
            self.log.apply(event["text"])
            for partial in PARTIAL.finditer(event["text"]):
                if partial["target"] == "#messages":
                    self.posted += messages_in(partial["html"])


class World:
    """One room of a house, its feed, and everything that is under way between them, moved on by hand."""

    def __init__(self, house: House, loop: asyncio.AbstractEventLoop) -> None:
        self.house = house
        self.loop = loop
        self.room: int = house.do(rooms.create, house.ana, "Room", "", "open")
        self.feed = Feed(self.room, self._read, RenderedMessages())
        self.untold: list[dict[str, Any]] = []
        self.told: list[dict[str, Any]] = []
        self.readings: list[tuple[int, asyncio.Future[Changes], list[Changes]]] = []
        self.readers: list[Reader] = []
        self.gone: list[Reader] = []
        self.ids: list[int] = []
        self.inside(lambda: self.feed.start(0))

    async def _read(self, _room: int, since: int) -> Changes:
        future = self.loop.create_future()
        self.readings.append((since, future, []))
        return await future

    def settle(self) -> None:
        """Let the loop turn until nothing more happens by itself."""
        for _ in range(8):
            self.loop.run_until_complete(asyncio.sleep(0))
        while self.feed.flushing:  # it rests between two fan-outs
            self.loop.run_until_complete(asyncio.sleep(self.feed.rested - time.perf_counter()))

    def changed(self, verb: Any, *args: Any) -> Any:
        before = len(self.house.events)
        result = self.house.do(verb, *args)
        self.untold += [event.values for event in self.house.events[before:]]
        return result

    def post(self) -> None:
        before = len(self.house.events)
        self.ids.append(self.house.post(self.house.admin, f"m{len(self.ids)}", self.room).id)
        self.untold += [event.values for event in self.house.events[before:]]

    def rename(self, name: str) -> None:
        self.changed(rooms.change, self.house.admin, self.room, name, f"All about {name}", "open")

    def inside(self, call: Callable[[], None]) -> None:
        """In one turn of the loop."""

        async def run() -> None:
            call()

        self.loop.run_until_complete(run())

    def tell(self, *told: dict[str, Any]) -> None:
        self.told += told
        self.inside(lambda: [self._hear(event) for event in told] and None)

    def _hear(self, event: dict[str, Any]) -> None:
        self.feed.handlers[method_name(event["type"])](self.feed, event)

    def sweep(self) -> None:
        head = self.house.do(rooms.heads, [self.room])[self.room]
        self.inside(lambda: self.feed.check(head))

    def look(self, index: int) -> None:
        """The database takes the snapshot of a reading that is under way."""
        since, _, seen = self.readings[index]
        if not seen:
            seen.append(self.house.do(history.changes, self.room, since))

    def answer(self, index: int) -> None:
        self.look(index)
        _, future, seen = self.readings.pop(index)
        if not future.done():
            future.set_result(seen[0])

    def page(self) -> Changes:
        page = self.house.do(history.newest, self.room, 10_000)
        head = self.house.do(rooms.heads, [self.room])[self.room]
        return Changes(0, head, page.messages, self.house.do(history.changes, self.room, -1).room)

    def arrive(self, reader: Reader) -> None:
        self.readers.append(reader)
        self.loop.create_task(self.feed.join(reader.connection, reader.log.cursor))

    def leave(self, reader: Reader) -> None:
        self.readers.remove(reader)
        self.inside(lambda: self.feed.leave(reader.connection))
        self.inside(reader.connection.lost)

    def finish(self) -> None:
        """Everything under way ends, and one sweep finds what was never told."""
        for _ in range(50):
            self.settle()
            if not self.readings:
                self.sweep()
                self.settle()
                if not self.readings:
                    return
            self.answer(0)
        raise AssertionError("the feed reads for ever")

    def check(self) -> None:
        page = self.page()
        truth = messages_in("".join(str(RenderedMessages().html(each)) for each in page.messages))
        for reader in self.readers:
            assert page.room
            assert reader.log.name == page.room.name
            assert reader.log.messages == truth
            assert list(reader.log.messages) == list(truth)
            assert len(reader.posted) == len(set(reader.posted)), "a message was shown to a reader twice"
            assert reader.log.cursor == self.feed.cursor


def close(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
