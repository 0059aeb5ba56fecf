"""Cases 30 to 34: everybody sees the same messages, once, in one order, whatever they missed."""

import asyncio

import pytest

from tests.faults.audit import audit, settled
from tests.faults.cluster import Cluster, Town
from tests.faults.posters import Post
from tests.faults.traffic import Traffic, traffic
from tests.people import HTMX, fresh_key
from webapp.domain.history import WINDOW

pytestmark = pytest.mark.anyio


async def test_case_30_who_was_away_has_the_same_list(cluster: Cluster, town: Town) -> None:
    """200 posts, 5 edits and 5 deletions are missed by one of three: led on from its cursor, without a reload."""
    async with traffic(cluster, town, readers=3) as t:
        away, before = t.readers[0], await t.burst(20)
        await t.whole(30)
        await away.close()
        missed = await t.burst(200)
        await changed(t, [*before[:6], *missed[100:104]])
        await away.open(page=False)
        await t.comes_out_clean()
        assert away.resets == 0
        assert set(away.log.ids) == {post.id for post in [*before, *missed] if not post.deleted}


async def changed(t: Traffic, posts: list[Post]) -> None:
    """Half of them edited, half of them deleted, by their authors."""
    own = {poster.person: poster for poster in t.posters}
    for number, post in enumerate(posts):
        if number % 2:
            await own[post.author].delete(post)
        else:
            await own[post.author].edit(post, f"{post.text}, changed")


async def test_case_31_more_than_the_window_brings_the_newest_page(cluster: Cluster, town: Town) -> None:
    async with traffic(cluster, town, readers=2) as t:
        await t.burst(5)
        await t.whole(30)
        await t.readers[0].close()
        await t.burst(WINDOW + 30)
        await t.readers[0].open(page=False)
        assert await settled(t.readers, await cluster.heads(t.rooms))
        assert t.readers[0].resets == 1
        assert t.readers[0].log.older, "no silent hole: the page says that there is more before it"
        await t.burst(5)
        await t.comes_out_clean()


async def test_case_32_nothing_falls_between_the_page_and_its_socket(cluster: Cluster, town: Town) -> None:
    """Windows are opened one after the other while people write: each page and its frames make the whole."""
    async with traffic(cluster, town) as t:
        t.flow(40)
        for _ in range(6):
            await t.listen(4)
        for reader in t.readers[::3]:
            reader.drop()
        await t.comes_out_clean()
        assert len(t.ledger.acknowledged) > 10


async def test_case_33_the_same_post_twice_makes_one_message(cluster: Cluster, town: Town) -> None:
    """A double click, a retry on the other process, a retry an hour later, and all at once."""
    async with traffic(cluster, town, readers=4) as t:
        poster, room, key = t.posters[0], t.rooms[0], fresh_key()
        urls = [worker.url for worker in cluster.workers for _ in range(5)]
        form = {"key": key, "body": "only once"}
        answers = await asyncio.gather(*(poster.http.post(f"{url}/rooms/{room}/messages", data=form) for url in urls))
        answers.append(await poster.http.post(f"{urls[0]}/rooms/{room}/messages", data=form))
        assert {answer.status_code for answer in answers} == {201}
        by_hand = await poster.http.post(
            f"{urls[0]}/rooms/{room}/messages", data=form, headers=dict.fromkeys(HTMX, "false")
        )
        assert by_hand.status_code == 303
        stored = cluster.rows("SELECT id, revision FROM messages WHERE key = :key", key=key)
        assert len(stored) == 1
        assert (await cluster.heads([room]))[room] == stored[0].revision, "a repetition takes no revision"
        theirs = await t.posters[1].http.post(f"{urls[0]}/rooms/{room}/messages", data={"key": key, "body": "mine"})
        assert theirs.status_code == 201, "a key is its author's own"
        await t.comes_out_clean()
        assert all(reader.log.texts == ["only once", "mine"] for reader in t.readers)


async def test_case_34_a_hundred_writers_make_one_order(cluster: Cluster, town: Town) -> None:
    async with traffic(cluster, town, readers=8) as t:
        await asyncio.gather(*(t.posters[n % len(t.posters)].post(t.rooms[0]) for n in range(100)))
        await t.burst(200, at_once=100)
        await t.comes_out_clean()
        stored = cluster.rows("SELECT revision FROM messages WHERE room_id = :room ORDER BY id", room=t.rooms[0])
        assert [row.revision for row in stored] == list(range(1, 301)), "ids and revisions tell the same order"


async def test_the_audit_finds_what_is_wrong(cluster: Cluster, town: Town) -> None:
    """A watchman who never shouts is no watchman."""
    async with traffic(cluster, town, readers=3) as t:
        posts = await t.burst(10)
        await t.whole(30)
        lacking, doubling, mixing = t.readers
        del lacking.log.messages[posts[0].id or 0]
        doubling._note([doubling.log.ids[-1]])
        mixing.log.messages = dict(reversed(mixing.log.messages.items()))
        posts[2].key = fresh_key()
        verdict = await audit(cluster, t.ledger, t.readers)
        assert len(verdict.lost) == 2, str(verdict)
        assert len(verdict.doubled) == 1, str(verdict)
        assert len(verdict.disordered) == 1, str(verdict)
