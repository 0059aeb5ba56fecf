"""Reactions: one for each person and emoji, counted in the message's own row, on both databases."""

import threading
from typing import Any

import pytest
from sqlalchemy import text

from tests.factories import House
from webapp import emoji
from webapp.domain import history, memberships, messages, people, reactions
from webapp.domain.accounts import Actor
from webapp.domain.errors import Invalid, NotFound
from webapp.domain.messages import Message
from webapp.domain.reactions import MOST_EMOJI
from webapp.domain.transaction import Transaction
from webapp.store.extras import NAMED, NAMED_IN_ALL

UP, HEART = "👍", "❤️"


def shown(house: House, message_id: int) -> dict[str, tuple[int, tuple[int, ...]]]:
    """Count and people of each emoji, as a page reads them."""
    page = house.do(history.newest, house.room)
    message = next(each for each in page.messages if each.id == message_id)
    return {each.emoji: (each.count, each.user_ids) for each in message.hanging.reactions}


def react(house: House, actor: Actor, message: Message, text: str = UP, seen: int | None = None) -> Message:
    changed: Message = house.do(reactions.toggle, actor, message.id, text, seen)
    return changed


def test_a_click_adds_ones_own_and_the_next_takes_it_back(house: House) -> None:
    bea, post = house.member("Bea"), house.post(house.admin, "hello")
    changed = react(house, bea, post)
    assert changed.revision == post.revision + 1
    react(house, house.admin, post)
    react(house, bea, post, HEART)
    assert shown(house, post.id) == {UP: (2, (bea.id, house.ana)), HEART: (1, (bea.id,))}
    react(house, bea, post)
    assert shown(house, post.id) == {UP: (1, (house.ana,)), HEART: (1, (bea.id,))}
    react(house, house.admin, post)
    react(house, bea, post, HEART)
    assert shown(house, post.id) == {}
    react(house, bea, post)
    assert shown(house, post.id) == {UP: (1, (bea.id,))}


def test_the_second_of_two_clicks_on_one_button_changes_nothing(house: House) -> None:
    post = house.post(house.admin, "hello")
    first = react(house, house.admin, post, seen=post.revision)
    house.events.clear()
    assert react(house, house.admin, post, seen=post.revision).revision == first.revision
    assert (shown(house, post.id), house.events) == ({UP: (1, (house.ana,))}, [])
    gone = react(house, house.admin, post, seen=first.revision)
    assert react(house, house.admin, post, seen=first.revision).revision == gone.revision
    assert shown(house, post.id) == {}
    react(house, house.admin, post, seen=gone.revision)
    assert shown(house, post.id) == {UP: (1, (house.ana,))}


def at_once(house: House, *verbs: tuple[Any, ...]) -> list[Exception | None]:
    """Runs each in a thread and a transaction of its own; what each raised."""
    found: list[Exception | None] = [None] * len(verbs)
    together = threading.Barrier(len(verbs))

    def run(number: int, verb: tuple[Any, ...]) -> None:
        together.wait()
        try:
            house.do(*verb)
        except Exception as error:  # noqa: BLE001 - told to the test
            found[number] = error

    threads = [threading.Thread(target=run, args=each) for each in enumerate(verbs)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return found


def test_the_same_reaction_eight_times_at_once_counts_once(house: House) -> None:
    post = house.post(house.admin, "hello")
    verb = (reactions.toggle, house.admin, post.id, UP, post.revision)
    assert at_once(house, *[verb] * 8) == [None] * 8
    assert shown(house, post.id) == {UP: (1, (house.ana,))}
    assert [each.revision for each in house.do(history.changes, house.room, 0).messages] == [
        house.do(history.changes, house.room, 0).head
    ], "the log has no revision without a change"


def test_many_people_at_once_all_count(house: House) -> None:
    everybody, post = [house.member(f"P{number}") for number in range(6)], house.post(house.admin, "hello")
    assert at_once(house, *[(reactions.toggle, each, post.id, UP, post.revision) for each in everybody]) == [None] * 6
    assert shown(house, post.id)[UP][0] == 6


@pytest.mark.parametrize("turn", range(3))
def test_a_reaction_to_a_message_that_is_deleted_at_the_same_moment(house: House, turn: int) -> None:
    bea, post = house.member("Bea"), house.post(house.admin, "hello")
    verbs = [(messages.remove, house.admin, post.id), (reactions.toggle, bea, post.id, UP, None)]
    failed = [each for each in at_once(house, *verbs[:: 1 if turn % 2 else -1]) if each is not None]
    assert all(isinstance(each, NotFound) for each in failed), failed
    assert rows(house, "SELECT count(*) FROM reactions") == [(0,)]
    assert rows(house, f"SELECT extras FROM messages WHERE id = {post.id}") == [("",)]
    with pytest.raises(NotFound):
        react(house, bea, post)


def rows(house: House, query: str) -> list[tuple[Any, ...]]:
    with house.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_who_may_not_read_the_room_or_is_removed_meanwhile_reacts_to_nothing(house: House) -> None:
    stranger, bea, post = house.person("Eve"), house.member("Bea"), house.post(house.admin, "hello")
    house.do(memberships.leave, bea, house.room)
    for actor in (stranger, bea):
        with pytest.raises(NotFound):
            react(house, actor, post)
    assert shown(house, post.id) == {}


@pytest.mark.parametrize("wrong", ["", "x", "👍👍", "👍🏽", "❤", "<b>", "\u200d", "👍 "])
def test_only_emoji_of_the_set(house: House, wrong: str) -> None:
    post = house.post(house.admin, "hello")
    with pytest.raises(Invalid):
        react(house, house.admin, post, wrong)
    assert house.do(history.changes, house.room, 0).head == post.revision


def test_at_most_twenty_different_ones(house: House) -> None:
    bea, post = house.member("Bea"), house.post(house.admin, "hello")
    for each in list(emoji.EMOJI)[:MOST_EMOJI]:
        react(house, house.admin, post, each)
    with pytest.raises(Invalid, match="at most 20"):
        react(house, bea, post, HEART)
    react(house, bea, post, next(iter(emoji.EMOJI)))
    assert len(shown(house, post.id)) == MOST_EMOJI


def test_what_is_told_is_what_is_read(house: House) -> None:
    """Event, page, permalink and replay have the same record."""
    bea, post = house.member("Bea"), house.post(house.admin, "hello")
    house.events.clear()
    changed = react(house, bea, post)
    assert [event.values["type"] for event in house.events] == ["messages.changed"]
    assert house.events[0].values["messages"] == [messages.by_name(changed)]
    assert changed.hanging.names == ((bea.id, "Bea"),)
    for page in (
        house.do(history.newest, house.room),
        house.do(history.around, house.room, post.id),
        house.do(history.before, house.room, post.id + 1),
        house.do(history.after, house.room, post.id - 1),
        house.do(history.changes, house.room, post.revision),
    ):
        assert page.messages == [changed]
    assert house.do(messages.change, house.admin, post.id, "x", "<p>x</p>").extras == changed.extras


def test_names_are_those_of_now(house: House) -> None:
    bea, post = house.member("Bea"), house.post(house.admin, "hello")
    react(house, bea, post)
    house.do(people.change, bea, "Beatriz", "", "")
    assert house.do(history.newest, house.room).messages[0].hanging.names == ((bea.id, "Beatriz"),)


def fill(house: House, post: Message, kinds: int, each: int) -> None:
    """Reactions of many people, written as they would be."""

    def write(tx: Transaction) -> None:
        user = (
            "INSERT INTO users (username, display_name, password_hash, role, created_at)"
            " VALUES (:n, :n, '', 'member', 1) RETURNING id"
        )
        ids = [tx.connection.execute(text(user), {"n": f"u{number}"}).scalar_one() for number in range(each)]
        row = "INSERT INTO reactions (message_id, emoji, user_id, created_at, revision) VALUES (:m, :e, :u, :u, 1)"
        values = [{"m": post.id, "e": one, "u": user_id} for one in list(emoji.EMOJI)[:kinds] for user_id in ids]
        tx.connection.execute(text(row), values)

    house.do(write)


def test_beyond_a_thousand_people_are_counted_and_not_listed(house: House) -> None:
    post = house.post(house.admin, "hello")
    fill(house, post, 3, 400)
    react(house, house.admin, post, next(iter(emoji.EMOJI)))
    summary = house.do(history.newest, house.room).messages[0].hanging
    assert [each.count for each in summary.reactions] == [401, 400, 400]
    assert sum(len(each.user_ids) for each in summary.reactions) == 1_000
    assert [len(named) for _, named, _ in summary.named] == [NAMED] * 3
    assert [more for _, _, more in summary.named] == [391, 390, 390]


def test_the_names_in_one_message_are_bounded(house: House) -> None:
    post = house.post(house.admin, "hello")
    fill(house, post, MOST_EMOJI, 40)
    react(house, house.admin, post, next(iter(emoji.EMOJI)))
    summary = house.do(history.newest, house.room).messages[0].hanging
    assert sum(len(named) for _, named, _ in summary.named) == NAMED_IN_ALL
    assert all(len(named) + more == each.count for each, named, more in summary.named)


def test_what_was_used_last_is_offered_first(house: House) -> None:
    post, other = house.post(house.admin, "hello"), house.post(house.admin, "and")
    usual = [each.text for each in house.do(reactions.used, house.admin)]
    assert usual == list(emoji.USUAL)
    for each, message in (("🚀", post), ("🐧", post), ("🚀", other)):
        house.later(1)
        react(house, house.admin, message, each)
    assert [each.text for each in house.do(reactions.used, house.admin)][:3] == ["🚀", "🐧", *usual][:3]
    offer = house.do(reactions.offer, house.admin, house.do(messages.find, house.admin, post.id)[1])
    assert [(group.emoji, [each.name for each in group.people], group.more) for group in offer.reacted] == [
        ("🚀", ["Ana Lima"], 0), ("🐧", ["Ana Lima"], 0)
    ]  # fmt: skip


def test_a_person_leaves_one_mark_of_what_they_took_back(house: House) -> None:
    post = house.post(house.admin, "hello")
    for each in list(emoji.EMOJI)[:30]:
        react(house, house.admin, post, each)
        react(house, house.admin, post, each)
    assert rows(house, "SELECT count(*) FROM reactions") == [(1,)]
