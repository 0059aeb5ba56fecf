"""Which rooms are unread: who is told, how often, and when it ends. Who may not read a room hears nothing of it."""

import asyncio

import pytest

from tests.sockets.inside import remove_from
from tests.sockets.square import Square, dark, lit, say, square, told, until, until_read
from webapp.domain import memberships, unread
from webapp.domain.messages import Message
from webapp.domain.transaction import Transaction
from webapp.services import bell
from webapp.store import messages as stored

pytestmark = pytest.mark.anyio


@square
async def test_every_page_of_the_others_is_lit_once_with_the_same_bytes(at: Square) -> None:
    pages = [await at.page(at.bea), await at.page(at.bea, at.here), await at.page(at.bea)]
    cid, own = await at.page(at.cid), await at.page(at.ana)
    for number in range(5):
        await at.process.post(at.ana, at.there, f"number {number}")
    for page in (*pages, cid):
        await page.sees(lit(at.there))
    await asyncio.sleep(bell.EVERY_SECONDS * 1.5)
    assert [told(page, lit(at.there)) for page in (*pages, cid, own)] == [1, 1, 1, 1, 0]
    frames = {next(each for each in page.sent if lit(at.there) in each) for page in (pages[0], pages[2], cid)}
    assert len(frames) == 1
    assert "• Rooms" in frames.pop()
    await pages[1].sees("• Room · Casa")


@square
async def test_who_is_not_in_the_room_hears_nothing(at: Square) -> None:
    """Of a post, of who reads it, of its room at all."""
    cid, bea = await at.page(at.cid), await at.page(at.bea)
    await at.process.post(at.ana, at.here, "not for Cid")
    await bea.sees(lit(at.here))
    await at.process.do(unread.mark, at.bea.actor, at.here, 1)
    await bea.sees(dark(at.here))
    await at.process.post(at.ana, at.there, "for Cid, too")
    await cid.sees(lit(at.there))
    assert told(cid, f"unread-{at.here}") == 0


@square
async def test_who_is_removed_goes_dark_at_once_and_hears_nothing_more(at: Square) -> None:
    cid, bea = await at.page(at.cid), await at.page(at.bea)
    await at.process.post(at.ana, at.there, "before")
    await cid.sees(lit(at.there))
    await at.process.do(remove_from(at.there, at.ana, at.cid))
    await cid.sees(f"li:has(#unread-{at.there})")
    assert '"head > title" hx-swap="textContent">Rooms<' in cid.sent[-1]
    before = len(cid.sent)
    await at.process.do(unread.mark, at.bea.actor, at.there, 1)
    await bea.sees(dark(at.there))
    await at.process.post(at.ana, at.there, "after")
    await until(lambda: told(bea, lit(at.there)) == 2)
    assert [each for each in cid.sent[before:] if "unread-" in each] == []


@square
async def test_who_is_removed_while_what_is_unread_is_read_hears_nothing(at: Square) -> None:
    readers = at.process.shared.readers
    cid = at.process.open("/live?title=Rooms", at.cid)
    await until(lambda: at.cid.id in readers.loading or at.cid.id in readers.readers)
    await at.process.do(remove_from(at.there, at.ana, at.cid))
    await cid.sees("mark:not(:empty")
    await until(lambda: readers.task is None)
    await at.process.post(at.ana, at.there, "after")
    bea = await at.page(at.bea)
    await bea.sees("unread")
    assert told(cid, lit(at.there)) == 0
    assert at.there not in readers.readers[at.cid.id].read


@square
async def test_a_visible_page_at_the_end_of_the_list_reads_what_comes(at: Square) -> None:
    reading, elsewhere = await at.page(at.bea, at.there), await at.page(at.bea)
    say(reading, "end.seen")
    await until(lambda: bool(at.process.shared.readers.readers[at.bea.id].looking))
    await at.process.post(at.ana, at.there, "seen")
    cid = await at.page(at.cid)
    await cid.sees(f"unread-{at.there}")
    assert told(reading, lit(at.there)) == told(elsewhere, lit(at.there)) == 0
    say(reading, "end.left")
    await until(lambda: not at.process.shared.readers.readers[at.bea.id].looking)
    await until_read(at, at.bea, at.there, 1)
    await at.process.post(at.ana, at.there, "not seen")
    await elsewhere.sees(lit(at.there))
    say(reading, "end.still")
    await elsewhere.sees(dark(at.there))
    await reading.leave()
    await until_read(at, at.bea, at.there, 2)


@square
async def test_marks_are_kept_and_written_together(at: Square) -> None:
    marks = at.process.shared.resources.marks
    page = await at.page(at.bea, at.there)
    say(page, "end.seen")
    for number in range(3):
        await at.process.post(at.ana, at.there, f"number {number}")
    await until(lambda: marks.read(at.bea.id, at.there) == 3)
    assert (await at.rooms(at.bea))[at.there].unread, "not written yet"
    assert not marks.applied(at.bea.id, [(await at.rooms(at.bea))[at.there]])[0].unread, "a page shows it all the same"
    await marks.flush()
    assert not (await at.rooms(at.bea))[at.there].unread
    assert not any(marks.kept.values())


@square
async def test_a_page_that_ends_before_the_newest_message_reads_nothing(at: Square) -> None:
    page = await at.page(at.bea, at.there)
    say(page, "end.seen", past="1")
    await at.process.post(at.ana, at.there, "new")
    await page.sees(lit(at.there))


@square
async def test_what_was_marked_as_unread_stays_so_until_the_end_comes_into_view_again(at: Square) -> None:
    page, elsewhere = await at.page(at.bea, at.there), await at.page(at.bea)
    say(page, "end.seen")
    await at.process.post(at.ana, at.there, "one")
    await until(lambda: at.process.shared.resources.marks.read(at.bea.id, at.there) == 1)
    message: Message = (await at.process.do(newest, at.there))[-1]
    await at.process.do(unread.hold, at.bea.actor, message.id)
    for each in (page, elsewhere):
        await each.sees(lit(at.there))
    await at.process.post(at.ana, at.there, "two")
    say(page, "end.still")
    say(page, "nothing")
    await page.sees("not known here")
    assert told(page, dark(at.there)) == 0
    assert (await at.rooms(at.bea))[at.there].unread
    say(page, "end.seen")
    await elsewhere.sees(dark(at.there))


def newest(tx: Transaction, room_id: int) -> list[Message]:
    return stored.newest(tx.connection, room_id, 1)


@square
async def test_who_posts_has_read_up_to_there(at: Square) -> None:
    bea = await at.page(at.bea)
    await at.process.post(at.ana, at.there, "a question")
    await bea.sees(lit(at.there))
    await at.process.post(at.bea, at.there, "an answer")
    await bea.sees(dark(at.there))
    await asyncio.sleep(bell.EVERY_SECONDS)
    await at.process.post(at.ana, at.there, "thanks")
    await until(lambda: told(bea, lit(at.there)) == 2)


@square
async def test_a_new_member_is_lit_without_a_reload(at: Square) -> None:
    cid = await at.page(at.cid)
    await at.process.post(at.ana, at.here, "before Cid")
    await at.process.do(memberships.add, at.ana.actor, at.here, at.cid.actor.username, "member")
    assert not (await at.rooms(at.cid))[at.here].unread, "what was said before counts as read"
    await until(lambda: at.here in at.process.shared.readers.readers[at.cid.id].read)
    await asyncio.sleep(bell.EVERY_SECONDS)
    await at.process.post(at.ana, at.here, "for Cid")
    await cid.sees(lit(at.here))


@square
async def test_the_sweep_finds_what_was_not_told(at: Square) -> None:
    bea, cid = await at.page(at.bea), await at.page(at.cid)
    at.process.shared.resources.work.publisher.tell = lambda events: None  # type: ignore[method-assign]
    await at.process.post(at.ana, at.here, "untold")
    await at.process.shared.readers.sweep()
    await bea.sees(lit(at.here))
    assert told(cid, f"unread-{at.here}") == 0


@square
async def test_a_hundred_posts_are_as_many_frames_as_there_are_pages_elsewhere(at: Square) -> None:
    """And one for each reader and post: lighting is paid once until they read."""
    elsewhere = [await at.page(at.bea) for _ in range(8)]
    readers = [await at.page(at.cid, at.there) for _ in range(2)]
    for each in readers:
        say(each, "end.seen")
    await until(lambda: len(at.process.shared.readers.readers[at.cid.id].looking.get(at.there, ())) == 2)
    before = {each: len(each.sent) for each in (*elsewhere, *readers)}
    for number in range(100):
        await at.process.post(at.ana, at.there, f"number {number}")
    await asyncio.sleep(bell.EVERY_SECONDS * 1.5)
    await readers[0].sees("number 99")
    frames = [sum(is_ours(each) for each in page.sent[before[page] :]) for page in (*elsewhere, *readers)]
    assert frames[: len(elsewhere)] == [1] * len(elsewhere)
    assert sum(frames[len(elsewhere) :]) <= 100 * len(readers)


def is_ours(frame: str) -> bool:
    """Of the log, or of what is unread."""
    return "cursor" in frame or "unread-" in frame or "mark:" in frame
