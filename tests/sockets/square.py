"""What tests of unread rooms say: a community in one process, its open pages, and what these are told."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.sockets.inside import Process, Socket, Somebody, inside
from webapp.domain import memberships
from webapp.domain.memberships import OwnRoom


class Square:
    """A community in one process: Ana (the admin) and Bea in the rooms `here` and `there`, and Cid in `there` alone."""

    def __init__(self, process: Process) -> None:
        self.process = process

    async def build(self) -> "Square":
        self.ana = await self.process.set_up()
        self.bea = await self.process.person(self.ana, "Bea")
        self.cid = await self.process.person(self.ana, "Cid")
        self.here = await self.process.room(self.ana, self.bea)
        self.there = await self.process.room(self.ana, self.bea, self.cid)
        return self

    async def page(self, person: Somebody, room_id: int = 0, process: Process | None = None) -> Socket:
        """An open page, of a room or of none, that has been told what is unread."""
        path = f"/rooms/{room_id}/live?since=0" if room_id else "/live?title=Rooms"
        socket = (process or self.process).open(path, person)
        await socket.sees("mark:not(:empty")
        return socket

    async def rooms(self, person: Somebody) -> dict[int, OwnRoom]:
        found: list[OwnRoom] = await self.process.do(memberships.mine, person.actor)
        return {room.id: room for room in found}


def lit(room_id: int) -> str:
    return f'hx-target="#unread-{room_id}:empty" hx-swap="textContent">unread<'


def dark(room_id: int) -> str:
    return f'hx-target="#unread-{room_id}" hx-swap="textContent"><'


def told(socket: Socket, text: str) -> int:
    return sum(text in each for each in socket.sent)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what it asks sets no event
            await asyncio.sleep(0.01)


def say(socket: Socket, kind: str, **values: Any) -> None:
    socket.say(json.dumps({"type": kind, **values}))


def square(check: Callable[[Square], Any]) -> Any:
    async def test(tmp_path: Path) -> None:
        async with inside(tmp_path) as process:
            await check(await Square(process).build())

    test.__doc__ = check.__doc__
    return test


async def until_read(at: Square, person: Somebody, room_id: int, revision: int) -> None:
    """Until it is in the database."""
    async with asyncio.timeout(20):
        while (await at.rooms(person))[room_id].read_revision != revision:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
