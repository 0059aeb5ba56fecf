"""Who is mentioned, and what waits for them: written, edited and deleted with the message, on both databases."""

import pytest

from tests.factories import House
from webapp import markup
from webapp.domain import accounts, memberships, messages, notifications, rooms, unread
from webapp.domain.accounts import Actor
from webapp.domain.errors import Invalid, NotFound
from webapp.domain.messages import AskFirst, Draft, Message
from webapp.domain.names import username
from webapp.services.posting import marked
from webapp.store import mentions as stored
from webapp.store import notifications as kept


def draft(house: House, body: str, confirmed: bool = False) -> Draft:
    house.keys += 1
    html = markup.render(body)
    return Draft(f"key-{house.keys:08}", body, html, marked(html, confirmed))


def say(house: House, actor: Actor, body: str, confirmed: bool = False, room_id: int | None = None) -> Message:
    made: Message = house.do(messages.post, actor, room_id or house.room, draft(house, body, confirmed), "UTC")
    return made


def edit(house: House, actor: Actor, message: Message, body: str, confirmed: bool = False) -> Message:
    html = markup.render(body)
    changed: Message = house.do(messages.change, actor, message.id, body, html, marked(html, confirmed))
    return changed


def waiting(house: House, actor: Actor) -> list[tuple[str, int]]:
    """(kind, message) of each entry in the inbox that is unseen, the newest first."""
    unseen = {call.message_id for call in house.do(notifications.unseen, [actor.id])}
    shown = house.do(notifications.inbox, actor, "", 0)
    return [(each.kind, each.message_id) for each in shown if each.message_id in unseen]


def named(house: House, message: Message) -> set[int]:
    found: set[int] = house.do(lambda tx: stored.of_message(tx.connection, message.id))
    return found


def link(actor: Actor, text: str = "") -> str:
    return f'<a class="mention" href="/people/{actor.id}" data-mentions="{actor.id}">@{text or actor.username}</a>'


def test_a_member_is_told_and_the_name_is_a_link(house: House) -> None:
    bea, cid, out = house.member("Bea"), house.member("Cid"), house.person("Dan")
    made = say(house, house.admin, "Hello @BEA, @_cid and @dan and @nobody.")
    assert made.html == f"<p>Hello {link(bea, 'BEA')}, {link(cid, '_cid')} and @dan and @nobody.</p>"
    assert named(house, made) == {bea.id, cid.id}
    assert [waiting(house, each) for each in (bea, cid, out, house.admin)] == [[("mention", made.id)], [], [], []]


def test_who_mentions_oneself_is_not_told(house: House) -> None:
    made = say(house, house.admin, "as I, @ana, said")
    assert link(house.admin) in made.html
    assert waiting(house, house.admin) == []


def test_an_edit_adds_and_takes_away_and_gives_back(house: House) -> None:
    bea, cid = house.member("Bea"), house.member("Cid")
    made = say(house, house.admin, "hello")
    changed = edit(house, house.admin, made, "hello @bea")
    assert link(bea) in changed.html
    assert (named(house, made), waiting(house, bea)) == ({bea.id}, [("mention", made.id)])
    changed = edit(house, house.admin, made, "hello @cid")
    assert (named(house, made), waiting(house, bea), waiting(house, cid)) == ({cid.id}, [], [("mention", made.id)])
    edit(house, house.admin, made, "hello @bea and @_cid")
    assert (named(house, made), waiting(house, bea), waiting(house, cid)) == (
        {bea.id, cid.id}, [("mention", made.id)], []
    )  # fmt: skip


def test_what_was_seen_stays_seen_when_an_edit_keeps_it(house: House) -> None:
    bea = house.member("Bea")
    made = say(house, house.admin, "hello @bea")
    house.do(unread.mark, bea, house.room, made.revision)
    edit(house, house.admin, made, "hello again @bea")
    assert waiting(house, bea) == []
    assert [each.message_id for each in house.do(notifications.inbox, bea, "mention", 0)] == [made.id]


def test_a_deletion_takes_everything_away(house: House) -> None:
    bea = house.member("Bea")
    made = say(house, house.admin, "hello @bea")
    house.do(messages.remove, house.admin, made.id)
    assert (named(house, made), waiting(house, bea), house.do(notifications.inbox, bea, "", 0)) == (set(), [], [])


def test_who_leaves_has_nothing_of_the_room_any_more(house: House) -> None:
    bea = house.member("Bea")
    made = say(house, house.admin, "hello @bea")
    house.do(memberships.leave, bea, house.room)
    assert (waiting(house, bea), house.do(notifications.inbox, bea, "", 0)) == ([], [])
    house.do(memberships.join, bea, house.room)
    assert waiting(house, bea) == []
    with pytest.raises(NotFound):
        house.do(notifications.open_one, bea, made.id)


def test_the_room_is_for_its_owners_and_admins(house: House) -> None:
    bea, cid = house.member("Bea"), house.member("Cid")
    plain = say(house, bea, "hello @room")
    assert plain.html == "<p>hello @room</p>"
    assert [waiting(house, each) for each in (house.admin, cid)] == [[], []]
    made = say(house, house.admin, "hello @room")
    expected = f'<a class="mention" href="/rooms/{house.room}/members" data-mentions="room">@room</a>'
    assert expected in made.html
    assert named(house, made) == {house.ana, bea.id, cid.id}
    assert [waiting(house, each) for each in (house.admin, bea, cid)] == [
        [], [("mention", made.id)], [("mention", made.id)],
    ]  # fmt: skip
    edit(house, house.admin, made, "hello @bea")
    assert [waiting(house, each) for each in (bea, cid)] == [[("mention", made.id)], []]
    edit(house, house.admin, made, "hello @room again")
    assert [waiting(house, each) for each in (bea, cid)] == [[("mention", made.id)], [("mention", made.id)]]


def test_fifty_one_are_asked_for_first(house: House) -> None:
    bea = house.member("Bea")
    for number in range(48):
        house.member(f"p{number}")
    say(house, house.admin, "fifty of us: @room")
    house.member("last")
    before = len(waiting(house, bea))
    with pytest.raises(AskFirst) as asked:
        say(house, house.admin, "and now @room")
    assert asked.value.people == 51
    assert len(waiting(house, bea)) == before
    say(house, bea, "a plain member is not asked: @room")
    made = say(house, house.admin, "and now @room", confirmed=True)
    assert waiting(house, bea)[0] == ("mention", made.id)
    other = say(house, house.admin, "hello")
    with pytest.raises(AskFirst):
        edit(house, house.admin, other, "hello @room")
    edit(house, house.admin, other, "hello @room", confirmed=True)
    assert waiting(house, bea)[0] == ("mention", other.id)


def test_nobody_new_is_called_room(house: House) -> None:
    with pytest.raises(Invalid):
        username("Room")


def test_reading_the_room_up_to_it_is_seeing_it(house: House) -> None:
    bea = house.member("Bea")
    first, second = say(house, house.admin, "one @bea"), say(house, house.admin, "two @bea")
    house.bell.clear()
    house.do(unread.mark, bea, house.room, first.revision)
    assert waiting(house, bea) == [("mention", second.id)]
    assert [each.values for each in house.bell if each.values["type"] == "inboxes.changed"] == [
        {"type": "inboxes.changed", "users": [bea.id]}
    ]
    mine = {room.id: room.waiting for room in house.do(memberships.mine, bea)}
    assert mine[house.room] == 1


def test_opening_one_and_seeing_all(house: House) -> None:
    bea = house.member("Bea")
    made = [say(house, house.admin, f"{number} @bea") for number in range(3)]
    newest = house.do(notifications.inbox, bea, "", 0)[0]
    assert house.do(notifications.open_one, bea, newest.id) == (house.room, made[2].id)
    assert house.do(notifications.open_one, bea, newest.id) == (house.room, made[2].id)
    assert waiting(house, bea) == [("mention", made[1].id), ("mention", made[0].id)]
    with pytest.raises(NotFound):
        house.do(notifications.open_one, house.admin, newest.id)
    house.do(notifications.see_all, bea)
    assert waiting(house, bea) == []


def test_one_message_is_one_entry_whatever_it_waits_for(house: House) -> None:
    bea = house.member("Bea")
    made = say(house, house.admin, "hello @bea")
    house.do(notifications.notify, made, [bea.id, house.ana, 10**6], "reply")
    house.do(notifications.notify, made, [bea.id], "reply")
    assert waiting(house, bea) == [("mention", made.id)]
    assert {room.id: room.waiting for room in house.do(memberships.mine, bea)}[house.room] == 1
    assert [each.kind for each in house.do(notifications.inbox, bea, "reply", 0)] == ["reply"]
    edit(house, house.admin, made, "hello")
    assert waiting(house, bea) == [("reply", made.id)]
    assert waiting(house, house.admin) == []


def test_the_inbox_keeps_the_newest(house: House) -> None:
    bea = house.member("Bea")
    posts = [house.post(house.admin, "x") for _ in range(8)]
    for each in posts:
        house.do(notifications.notify, each, [bea.id], "mention")

    assert house.do(lambda tx: kept.overfull(tx.connection, 0, 5)) == [bea.id]
    assert house.do(lambda tx: kept.overfull(tx.connection, tx.now, 5)) == []
    house.do(lambda tx: kept.trim(tx.connection, bea.id, 5))
    assert [each.message_id for each in house.do(notifications.inbox, bea, "", 0)] == [p.id for p in posts[:2:-1]]
    assert house.do(lambda tx: kept.overfull(tx.connection, 0, 5)) == []


def test_pages_of_the_inbox_follow_each_other(house: House) -> None:
    bea = house.member("Bea")
    posts = [house.post(house.admin, "x") for _ in range(notifications.PAGE + 5)]
    for each in posts:
        house.do(notifications.notify, each, [bea.id], "mention")
    first = house.do(notifications.inbox, bea, "", 0)
    assert len(first) == notifications.PAGE + 1
    rest = house.do(notifications.inbox, bea, "", first[notifications.PAGE - 1].id)
    assert [each.message_id for each in (*first[:-1], *rest)] == [each.id for each in reversed(posts)]


def test_a_change_is_found_by_its_moment(house: House) -> None:
    bea = house.member("Bea")
    made = say(house, house.admin, "hello @bea")
    before = house.do(notifications.changed, 0)
    assert before.keys() == {bea.id}
    house.later(1)
    house.do(messages.remove, house.admin, made.id)
    assert house.do(notifications.changed, before[bea.id]).keys() == {bea.id}


def test_a_renamed_person_keeps_their_username(house: House) -> None:
    bea = house.member("Bea")
    house.do(accounts.rename, bea, "Beatriz")
    assert link(bea) in say(house, house.admin, "hello @bea").html


def test_a_member_of_another_room_is_nobody_here(house: House) -> None:
    other = house.do(rooms.create, house.ana, "Other", "", "closed")
    bea = house.member("Bea")
    assert "mention" not in say(house, house.admin, "hello @bea", room_id=other).html
    assert waiting(house, bea) == []
