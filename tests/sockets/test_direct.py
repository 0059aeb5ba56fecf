"""Direct rooms live: they appear with their first message, are closed to others, and follow their people's names."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.sockets.inside import Socket, Somebody
from tests.sockets.square import Square, lit, say, square, told, until
from webapp.domain import accounts, blocks, direct, events, history
from webapp.domain.accounts import Actor
from webapp.domain.transaction import Transaction
from webapp.services import bell
from webapp.sockets.codes import Close

pytestmark = pytest.mark.anyio


def missing(room_id: int) -> str:
    return f'id="missing-{room_id}"'


async def page(at: Square, person: Somebody, room_id: int = 0) -> Socket:
    """Open, and the process knows the rooms of its person."""
    socket = await at.page(person, room_id)
    await until(lambda: at.process.shared.readers.task is None)
    return socket


async def known(at: Square, room_id: int, *people: Somebody) -> None:
    readers = at.process.shared.readers.readers
    await until(lambda: all(room_id in readers[each.id].read for each in people if each.id in readers))


async def post_over(socket: Socket, key: str, body: str) -> None:
    say(socket, "messages.post", key=key, body=body)


def with_direct(check: Callable[[Square, int], Any]) -> Any:
    """Bea and Cid have a direct room, in which nothing was said."""

    async def run(at: Square) -> None:
        await check(at, await at.process.direct(at.bea, at.cid))

    run.__doc__ = check.__doc__
    return square(run)


@square
async def test_the_first_message_lights_it_in_the_others_list_and_puts_it_into_ones_own(at: Square) -> None:
    bea, cid, ana = [await page(at, each) for each in (at.bea, at.cid, at.ana)]
    in_room = await page(at, at.cid, at.there)
    room_id = await at.process.direct(at.bea, at.cid)
    await known(at, room_id, at.bea, at.cid)
    readers = at.process.shared.readers
    await until(lambda: readers.lighting is None and readers.task is None)
    assert all(told(each, missing(room_id)) == 0 for each in (bea, cid, in_room)), "nothing is said yet"
    await at.process.post(at.bea, room_id, "hello")
    for each in (cid, in_room):
        await each.sees(lit(room_id))
        assert told(each, missing(room_id)) >= 1
    await bea.sees(missing(room_id))
    assert told(bea, lit(room_id)) == 0
    before = told(bea, missing(room_id))
    await until(lambda: not at.process.shared.resources.work.publisher.bell.waiting)
    await at.process.post(at.bea, room_id, "and again")
    await until(lambda: readers.readers[at.bea.id].news[room_id][0] == 2)
    assert told(bea, missing(room_id)) == before, "once"
    assert all(f"-{room_id}" not in each for each in ana.sent), "an admin hears nothing of it"


@with_direct
async def test_who_was_away_is_told_of_it_when_the_page_is_open_again(at: Square, room_id: int) -> None:
    await at.process.post(at.bea, room_id, "hello")
    cid = await at.page(at.cid)
    await cid.sees(lit(room_id))
    assert told(cid, missing(room_id)) == 1


@with_direct
async def test_strangers_and_admins_are_turned_away(at: Square, room_id: int) -> None:
    await at.process.post(at.bea, room_id, "between us")
    dora = await at.process.person(at.ana, "Dora")
    for stranger in (at.ana, dora):
        socket = at.process.open(f"/rooms/{room_id}/live?since=0", stranger)
        assert await socket.closes() == Close.NO_RIGHT
        assert told(socket, "between us") == 0
    inside = at.process.open(f"/rooms/{room_id}/live?since=0", at.cid)
    await inside.sees("between us")


@with_direct
async def test_a_block_holds_over_the_socket(at: Square, room_id: int) -> None:
    await at.process.post(at.bea, room_id, "before")
    cid = at.process.open(f"/rooms/{room_id}/live?since=0", at.cid)
    await cid.sees("before")
    await at.process.do(blocks.block, at.bea.actor, at.cid.id)
    for body in ("after", "**after**"):
        await post_over(cid, f"a-key-{len(body)}-here", body)
    await until(lambda: told(cid, "takes no direct messages from you") == 2)
    assert len((await at.process.do(history.read, at.bea.actor, room_id, {}))[1].messages) == 1
    await at.process.do(blocks.unblock, at.bea.actor, at.cid.id)
    await post_over(cid, "a-key-of-now", "again")
    await cid.sees("again")


@with_direct
async def test_hidden_it_goes_from_ones_own_pages_and_comes_back_with_the_next_message(
    at: Square, room_id: int
) -> None:
    await at.process.post(at.bea, room_id, "hello")
    bea, cid = await page(at, at.bea), await page(at, at.cid)
    await at.process.do(direct.hide, at.bea.actor, room_id)
    await bea.sees(f"#directs > li:has(#unread-{room_id}):not(:has([aria-current]))")
    assert told(cid, "#directs > li") == 0
    await asyncio.sleep(bell.EVERY_SECONDS)
    await at.process.post(at.cid, room_id, "again")
    await bea.sees(lit(room_id))
    assert told(bea, missing(room_id)) >= 1


@square
async def test_who_leaves_hears_nothing_more(at: Square) -> None:
    room_id = await at.process.direct(at.ana, at.bea, at.cid)
    await at.process.post(at.ana, room_id, "hello")
    inside = at.process.open(f"/rooms/{room_id}/live?since=0", at.cid)
    await inside.sees("hello")
    elsewhere, bea = await page(at, at.cid), await page(at, at.bea)
    await at.process.do(direct.leave, at.cid.actor, room_id)
    assert await inside.closes() == Close.NO_RIGHT
    await elsewhere.sees(f".sidebar-rooms li:has(#unread-{room_id})")
    before = len(elsewhere.sent)
    await asyncio.sleep(bell.EVERY_SECONDS)
    await at.process.post(at.ana, room_id, "without Cid")
    await bea.sees(lit(room_id))
    assert [each for each in elsewhere.sent[before:] if f"-{room_id}" in each] == []


def rename(tx: Transaction, actor: Actor, name: str) -> None:
    accounts.rename(tx, actor, name)


@with_direct
async def test_a_new_name_reaches_lists_headings_and_titles(at: Square, room_id: int) -> None:
    await at.process.post(at.bea, room_id, "hello")
    elsewhere = await page(at, at.cid)
    inside = at.process.open(f"/rooms/{room_id}/live?since=0", at.cid)
    own = at.process.open(f"/rooms/{room_id}/live?since=0", at.bea)
    for each in (inside, own):
        await each.sees("hello")
        await each.sees("mark:not(:empty")
    await inside.sees("(1) Bea · Casa")
    await at.process.do(rename, at.bea.actor, "Beatriz")
    for each in (elsewhere, inside, own):
        await each.sees(f'[data-person=&#39;{at.bea.id}&#39;] &gt; .name" hx-swap="textContent">Beatriz<')
    await inside.sees('> head > title" hx-swap="textContent">Beatriz · Casa<')
    assert told(own, "> head > title") == told(elsewhere, "> head > title") == 0, "theirs name Cid, or nobody"


@with_direct
async def test_who_has_a_room_open_is_here_also_in_another_process(at: Square, room_id: int) -> None:
    here = at.process.shared.resources.here
    assert at.cid.id not in here
    socket = at.process.open(f"/rooms/{at.there}/live?since=0", at.cid)
    await socket.sees("here-")
    assert at.cid.id in here
    await socket.leave()
    await until(lambda: at.cid.id not in here)
    at.process.shared.resources.work.publisher.tell([events.people_here("another", 0, [at.cid.id])])
    await until(lambda: at.cid.id in here)
