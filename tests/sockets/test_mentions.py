"""The number beside a room and before the title: who is told, when it goes, and that all processes have the same."""

import re
import secrets
from pathlib import Path

import pytest

from tests.channel_layer.redis_server import RedisServer
from tests.sockets.inside import Socket, Somebody, inside, remove_from
from tests.sockets.square import Square, dark, lit, say, square, told, until, until_read
from webapp import markup
from webapp.domain import messages, notifications, rooms, unread
from webapp.domain.events import BELL_GROUP, Event
from webapp.domain.messages import Draft, Message
from webapp.services.posting import marked

pytestmark = pytest.mark.anyio


def number(room_id: int | str, count: int) -> str:
    if not count:
        return f'hx-target="#count-{room_id}" hx-swap="textContent"><'
    return f'hx-target="#count-{room_id}" hx-swap="innerHTML">{count}<i>'


def shown(socket: Socket, room_id: int) -> int:
    """The number as the page shows it by now."""
    found = re.findall(rf'hx-target="#count-{room_id}" hx-swap="\w+">(\d*)', "".join(socket.sent))
    return int(found[-1] or 0) if found else 0


async def post(at: Square, author: Somebody, room_id: int, text: str) -> Message:
    html = markup.render(text)
    draft = Draft(secrets.token_hex(8), text, html, marked(html, confirmed=False))
    made: Message = await at.process.do(messages.post, author.actor, room_id, draft, "UTC")
    return made


async def edit(at: Square, author: Somebody, message: Message, text: str) -> None:
    html = markup.render(text)
    await at.process.do(messages.change, author.actor, message.id, text, html, marked(html, confirmed=False))


@square
async def test_every_page_of_who_is_meant_shows_the_number_and_nobody_elses(at: Square) -> None:
    pages = [await at.page(at.bea), await at.page(at.bea, at.here)]
    cid = await at.page(at.cid)
    await post(at, at.ana, at.there, "hello @bea")
    for each in pages:
        await each.sees(number(at.there, 1))
        await each.sees(number("inbox", 1))
    await pages[0].sees(">(1) Rooms<")
    await pages[1].sees(">(1) Room · Casa<")
    await cid.sees(lit(at.there))
    assert not [each for each in cid.sent if number(at.there, 1) in each]
    await post(at, at.ana, at.there, "and @bea again")
    await pages[0].sees(">(2) Rooms<")
    await at.process.do(unread.mark, at.bea.actor, at.there, 2)
    for each in pages:
        await each.sees(number(at.there, 0))
        await each.sees(dark(at.there))
    await pages[0].sees('"head > title" hx-swap="textContent">Rooms<')


@square
async def test_an_edit_adds_it_and_takes_it_away_and_so_does_a_deletion(at: Square) -> None:
    bea = await at.page(at.bea)
    made = await post(at, at.ana, at.there, "hello")
    await bea.sees(lit(at.there))
    await edit(at, at.ana, made, "hello @bea")
    await bea.sees(number(at.there, 1))
    await edit(at, at.ana, made, "hello")
    await until(lambda: told(bea, number(at.there, 0)) == 1)
    await bea.sees(">• Rooms<")
    await edit(at, at.ana, made, "hello @bea")
    await until(lambda: told(bea, number(at.there, 1)) == 2)
    await at.process.do(messages.remove, at.ana.actor, made.id)
    await until(lambda: told(bea, number(at.there, 0)) == 2)


@square
async def test_who_looks_at_the_room_sees_it_come_and_has_no_number(at: Square) -> None:
    reading, elsewhere = await at.page(at.bea, at.there), await at.page(at.bea)
    say(reading, "end.seen")
    await until(lambda: bool(at.process.shared.readers.readers[at.bea.id].looking))
    await post(at, at.ana, at.there, "hello @bea")
    await elsewhere.sees("inbox-news")
    assert told(elsewhere, number(at.there, 1)) == told(reading, number(at.there, 1)) == 0
    say(reading, "end.left")
    await until_read(at, at.bea, at.there, 1)
    unseen = await at.process.do(notifications.unseen, [at.bea.id])
    assert unseen == []


@square
async def test_opened_from_the_inbox_in_one_window_it_is_seen_in_all(at: Square) -> None:
    bea, there = await at.page(at.bea), await at.page(at.bea, at.here)
    await post(at, at.ana, at.there, "hello @bea")
    await there.sees(number(at.there, 1))
    notice = (await at.process.do(notifications.inbox, at.bea.actor, "", 0))[0]
    await at.process.do(notifications.open_one, at.bea.actor, notice.id)
    for each in (bea, there):
        await each.sees(number(at.there, 0))
    await post(at, at.ana, at.there, "one more @bea")
    await until(lambda: told(there, number(at.there, 1)) == 2)
    await at.process.do(notifications.see_all, at.bea.actor)
    await until(lambda: told(there, number(at.there, 0)) == 2)


@square
async def test_who_is_removed_has_no_number_any_more(at: Square) -> None:
    cid = await at.page(at.cid)
    await post(at, at.ana, at.there, "hello @cid")
    await cid.sees(number(at.there, 1))
    await at.process.do(remove_from(at.there, at.ana, at.cid))
    await cid.sees(number("inbox", 0))
    await cid.sees('"head > title" hx-swap="textContent">Rooms<')


@square
async def test_a_page_that_was_rendered_before_is_told_the_number(at: Square) -> None:
    await post(at, at.ana, at.there, "hello @bea")
    bea = await at.page(at.bea)
    await bea.sees(number(at.there, 1))
    await bea.sees(">(1) Rooms<")
    again = await at.page(at.bea, at.here)
    await again.sees(number(at.there, 1))


@square
async def test_a_renamed_room_keeps_the_number_before_its_title(at: Square) -> None:
    bea = await at.page(at.bea, at.there)
    await post(at, at.ana, at.there, "hello @bea")
    await bea.sees(">(1) Room · Casa<")
    await at.process.do(rooms.change, at.ana.actor, at.there, "Garden", "", "closed")
    await bea.sees(">(1) Garden · Casa<")


@square
async def test_everybody_in_the_room_by_one_word(at: Square) -> None:
    bea, cid, ana = [await at.page(each) for each in (at.bea, at.cid, at.ana)]
    await post(at, at.ana, at.there, "hello @room")
    for each in (bea, cid):
        await each.sees(number(at.there, 1))
    assert told(ana, number(at.there, 1)) == 0


@square
async def test_the_sweep_finds_what_was_not_told(at: Square) -> None:
    bea = await at.page(at.bea)
    at.process.shared.resources.work.publisher.tell = lambda events: None  # type: ignore[method-assign]
    made = await post(at, at.ana, at.here, "untold @bea")
    await at.process.shared.readers.sweep()
    await bea.sees(number(at.here, 1))
    await edit(at, at.ana, made, "untold")
    await at.process.shared.readers.sweep()
    await bea.sees(number(at.here, 0))
    reads = len(at.process.shared.readers.inboxes.swept)
    await at.process.shared.readers.sweep()
    assert (reads, at.process.shared.readers.inboxes.wanted) == (1, set()), "what was swept is not looked up again"


@square
async def test_an_inbox_with_too_many_entries_is_trimmed(at: Square) -> None:
    for count in range(notifications.MOST + 2):
        await post(at, at.ana, at.there, f"number {count} @bea")
    await at.process.shared.readers.inboxes.trim()
    kept = await at.process.do(notifications.unseen, [at.bea.id])
    assert len(kept) == notifications.MOST
    assert min(each.revision for each in kept) == 3


@pytest.mark.parametrize("users", [None, "x", [True], [-1], [1] * 1001, [[1]]])
async def test_an_event_that_makes_no_sense_is_skipped(tmp_path: Path, users: object) -> None:
    async with inside(tmp_path) as process:
        at = await Square(process).build()
        bea = await at.page(at.bea)
        process.shared.hub.deliver(Event(BELL_GROUP, {"type": "inboxes.changed", "users": users}))
        await post(at, at.ana, at.there, "hello @bea")
        await bea.sees(number(at.there, 1))


async def test_two_processes_have_the_same_number_also_while_redis_is_away(tmp_path: Path) -> None:
    redis = RedisServer(tmp_path).start()
    environ = {"REDIS_URL": redis.url, "SECRET_KEY": "k" * 32, "SWEEP_SECONDS": "0.2"}
    try:
        async with inside(tmp_path, **environ) as one, inside(tmp_path, **environ) as two:
            at = await Square(one).build()
            here, there = await at.page(at.bea), await at.page(at.bea, process=two)
            reading = await at.page(at.bea, at.there, process=two)
            await told_in_both(at, here, there, reading)
            redis.kill()
            await until(lambda: not one.shared.resources.layer.connected and not two.shared.resources.layer.connected)
            await told_in_both(at, here, there, reading)
            made = await post(at, at.ana, at.here, "hello @bea")
            for each in (here, there):
                await until(lambda each=each: shown(each, at.here) == 1)
            await at.process.do(messages.remove, at.ana.actor, made.id)
            for each in (here, there):
                await until(lambda each=each: shown(each, at.here) == 0)
    finally:
        redis.kill()


async def told_in_both(at: Square, here: Socket, there: Socket, reading: Socket) -> None:
    """A mention comes to both processes, is read in the second, and is seen in both."""
    await post(at, at.ana, at.there, "hello @bea")
    for each in (here, there):
        await until(lambda each=each: shown(each, at.there) == 1)
    say(reading, "end.seen")
    for each in (here, there):
        await until(lambda each=each: shown(each, at.there) == 0)
    say(reading, "end.left")
