"""A new name or status in every open page: at once, after an absence, and when the event was lost."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.sockets.inside import Process, Socket, Somebody, inside
from webapp.domain import events, people
from webapp.domain.transaction import Transaction
from webapp.services.presence import Presence
from webapp.store.engine import open_engine

pytestmark = pytest.mark.anyio


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[Process]:
    async with inside(tmp_path, SWEEP_SECONDS="3600") as made:
        yield made


async def opened(process: Process, room: int, person: Somebody, people_revision: int | None = None) -> Socket:
    """The room's page of this person, which stands at this revision of the community's people."""
    socket = process.open(f"/rooms/{room}/live", person)
    more = "" if people_revision is None else f', "people": "{people_revision}"'
    socket.say(f'{{"since": "0"{more}}}')
    await socket.sees('id="heartbeat"')
    return socket


async def rename(process: Process, person: Somebody, name: str) -> None:
    await process.do(people.change, person.actor, name, "", "")


def named(name: str) -> str:
    return f'hx-swap="textContent">{name}</hx-partial>'


async def test_a_name_and_a_status_reach_every_room_once(process: Process) -> None:
    admin = await process.set_up()
    bea, cid = await process.person(admin, "Bea"), await process.person(admin, "Cid")
    shared, other = await process.room(admin, bea), await process.room(admin, cid)
    windows = [await opened(process, shared, bea), await opened(process, other, cid)]
    await rename(process, bea, "Beatriz")
    for window in windows:
        await window.sees(named("Beatriz"))
    await process.do(people.set_status, bea.actor, "On <b>leave</b>", "hour", "UTC")
    for window in windows:
        await window.sees(named("On &lt;b&gt;leave&lt;/b&gt;"))
        assert sum(frame.count(named("Beatriz")) for frame in window.sent) == 2, "the name again with the status"
        await window.leave()


async def test_who_comes_back_is_told_what_changed_meanwhile_and_nothing_else(process: Process) -> None:
    admin = await process.set_up()
    bea = await process.person(admin, "Bea")
    room = await process.room(admin, bea)
    keeper = await opened(process, room, admin)
    await rename(process, bea, "Beatriz")
    await keeper.sees(named("Beatriz"))
    revision = process.shared.resources.people.revision
    late, fresh, plain = [await opened(process, room, bea, at) for at in (revision - 1, revision, None)]
    await late.sees(named("Beatriz"))
    assert any(f'id="people-cursor" name="people" value="{revision}"' in frame for frame in late.sent)
    for window in (fresh, plain):
        assert not any("people-cursor" in frame for frame in window.sent)


async def test_a_cursor_that_is_no_number_is_told_so(process: Process) -> None:
    admin = await process.set_up()
    room = await process.room(admin)
    socket = process.open(f"/rooms/{room}/live", admin)
    socket.say('{"since": "0", "people": "x"}')
    await socket.sees("must be a whole number")


async def test_a_lost_event_is_found_by_the_sweep(tmp_path: Path) -> None:
    async with inside(tmp_path, SWEEP_SECONDS="1") as process:
        admin = await process.set_up()
        bea = await process.person(admin, "Bea")
        room = await process.room(admin, bea)
        window = await opened(process, room, admin)
        engine = open_engine(process.shared.resources.settings.database_url)
        with engine.connect() as connection, connection.begin():  # a process that cannot tell anybody
            people.change(Transaction(connection), bea.actor, "Beatriz", "", "")
        engine.dispose()
        await window.sees(named("Beatriz"))
        await window.leave()


async def test_many_changes_at_once_are_all_told(process: Process) -> None:
    """More than are read at once; of one person the last counts."""
    admin = await process.set_up()
    bea = await process.person(admin, "Bea")
    room = await process.room(admin, bea)
    window = await opened(process, room, admin)
    crowd = [await process.person(admin, f"Person{number}") for number in range(120)]
    for number, person in enumerate(crowd):
        await rename(process, person, f"Crowd {number:03}")
        await rename(process, bea, f"Bea {number:03}")
    await window.sees(named("Crowd 119"))
    await window.sees(named("Bea 119"))
    shown = {name for frame in window.sent for name in re.findall(r'textContent">(Crowd \d+)<', frame)}
    assert len(shown) == 120


async def test_an_event_without_a_number_is_skipped(process: Process) -> None:
    admin = await process.set_up()
    room = await process.room(admin)
    window = await opened(process, room, admin)
    for values in ({}, {"revision": "9"}, {"revision": True}, {"revision": -1}, {"revision": 10**6}):
        event = events.people_changed(1)
        process.shared.resources.work.publisher.tell([events.Event(event.group, {"type": "people.changed", **values})])
    await rename(process, admin, "Still heard")
    await window.sees(named("Still heard"))


async def test_the_list_of_who_is_here_has_todays_names_and_statuses(process: Process) -> None:
    admin = await process.set_up()
    bea = await process.person(admin, "Bea")
    room = await process.room(admin, bea)
    early = await opened(process, room, bea)
    await rename(process, bea, "Beatriz")
    await process.do(people.set_status, bea.actor, "In the garden", "", "UTC")
    await early.sees("In the garden")
    window = await opened(process, room, admin)
    await window.sees('href="/people/2">Beatriz</a> <span class="status">In the garden</span>')
    assert not any(">Bea<" in frame for frame in window.sent)
    await early.leave()
    again = await opened(process, room, bea)
    presence: Presence = process.shared.resources.presence
    assert [person.id for person in await presence.here(room)] == [admin.id, bea.id], "nobody is there twice"
    await again.leave()


async def test_a_face_that_is_known_is_not_read_again(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = await process.set_up()
    bea = await process.person(admin, "Bea")
    known = process.shared.resources.people
    reads: list[Any] = []
    read = known.work.read

    async def counted(rule: Any, *args: Any) -> Any:
        reads.append(args)
        return await read(rule, *args)

    monkeypatch.setattr(known.work, "read", counted)
    assert {face.name for face in (await known.known([admin.id, bea.id])).values()} == {"Admin", "Bea"}
    assert (await known.known([bea.id, 999])).keys() == {bea.id}
    assert len(reads) == 2, "the second for the unknown one"
    await known.known([admin.id, bea.id])
    assert len(reads) == 2
