"""Direct rooms on both databases: one for each set of people, hidden or left by oneself, closed to everybody else."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from tests.factories import House
from webapp.domain import blocks, direct, history, memberships, messages, policy, rooms, unread
from webapp.domain.accounts import Actor
from webapp.domain.errors import Blocked, Forbidden, Invalid, NotFound
from webapp.domain.memberships import OwnRoom
from webapp.domain.messages import Draft, Repeated
from webapp.domain.transaction import Transaction
from webapp.store.engine import open_engine
from webapp.store.party import Party, party, party_of
from webapp.store.schema import memberships as members
from webapp.store.schema import rooms as every_room

AT_ONCE = 8


def make(house: House, actor: Actor, *others: Actor) -> int:
    room_id: int = house.do(direct.make, actor, [each.username for each in others])
    return room_id


def own(house: House, actor: Actor, room_id: int) -> OwnRoom:
    found: list[OwnRoom] = house.do(memberships.mine, actor)
    return next(room for room in found if room.id == room_id)


def test_the_same_people_get_the_same_room_whoever_asks(house: House) -> None:
    ana, bea, cid = house.admin, house.person("Bea"), house.person("Cid")
    two, three = make(house, ana, bea), make(house, ana, bea, cid)
    assert two != three
    assert {make(house, bea, ana), make(house, ana, bea, bea), make(house, ana, ana, bea)} == {two}
    assert {make(house, cid, ana, bea), make(house, bea, cid, ana)} == {three}
    assert house.do(direct.find, bea, ["@ANA"]) == two, "as they are written, too"
    assert house.do(direct.find, cid, ["ana"]) is None
    assert own(house, bea, two).party == party([ana.id, bea.id])
    notes = make(house, ana, ana)
    assert own(house, ana, notes).party == party([ana.id])


@pytest.mark.parametrize("number", [2, 3])
def test_many_at_once_make_one(house: House, database_url: str, number: int) -> None:
    people = [house.admin, *(house.person(f"Person{each}") for each in range(number - 1))]
    together = threading.Barrier(AT_ONCE)

    def begin(place: int) -> int:
        engine = open_engine(database_url)
        actor = people[place % number]
        names = [each.username for each in people if each is not actor]
        together.wait()
        with engine.connect() as connection, connection.begin():
            made = direct.make(Transaction(connection), actor, names)
        engine.dispose()
        return made

    with ThreadPoolExecutor(AT_ONCE) as threads:
        made = set(threads.map(begin, range(AT_ONCE)))
    assert len(made) == 1
    with house.engine.connect() as connection:
        direct_ones = select(func.count()).where(every_room.c.people_key.is_not(None))
        assert connection.execute(direct_ones).scalar_one() == 1
        inside = select(members.c.user_id).where(members.c.room_id == made.pop())
        assert sorted(connection.execute(inside).scalars()) == sorted(each.id for each in people)


def test_one_that_waits_for_the_other_gets_its_room(house: House, database_url: str) -> None:
    """Both have looked before either has committed: on PostgreSQL the second waits at the key, on SQLite before."""
    bea = house.person("Bea")
    engine = open_engine(database_url)
    begun, answer = threading.Event(), []

    def second() -> None:
        with engine.connect() as connection:
            begun.set()
            with connection.begin():
                answer.append(direct.make(Transaction(connection), bea, ["ana"]))

    other = threading.Thread(target=second)
    with house.engine.connect() as connection, connection.begin():
        first = direct.make(Transaction(connection), house.admin, ["bea"])
        other.start()
        assert begun.wait(20)
        other.join(0.3)
        assert other.is_alive(), "it waits"
    other.join(20)
    engine.dispose()
    assert answer == [first]


def test_two_to_nine_who_are_there(house: House) -> None:
    people = [house.person(f"Person{each}") for each in range(9)]
    assert make(house, house.admin, *people[:8])
    with pytest.raises(Invalid, match="At most 9 people talk in a direct room; with you these are 10"):
        make(house, house.admin, *people)
    for wrong, says in ((["nobody"], "username nobody"), ([], "Choose somebody"), ([" ", "@"], "Choose somebody")):
        with pytest.raises(Invalid, match=says):
            house.do(direct.make, house.admin, wrong)


def test_an_empty_one_is_in_nobodys_list_and_the_first_message_puts_it_there(house: House) -> None:
    bea = house.person("Bea")
    room_id = make(house, house.admin, bea)
    assert not own(house, house.admin, room_id).listed
    post = house.post(house.admin, "hello", room_id)
    assert own(house, house.admin, room_id).listed
    assert own(house, bea, room_id).listed and own(house, bea, room_id).unread
    house.do(messages.remove, house.admin, post.id)
    assert not own(house, bea, room_id).listed, "nothing is said in it any more"


def test_hidden_until_the_next_message(house: House) -> None:
    bea = house.person("Bea")
    room_id = make(house, house.admin, bea)
    post = house.post(house.admin, "hello", room_id)
    house.do(direct.hide, bea, room_id)
    assert not own(house, bea, room_id).listed
    assert own(house, house.admin, room_id).listed, "for the other nothing changes"
    house.do(messages.change, house.admin, post.id, "hello!", "<p>hello!</p>")
    assert not own(house, bea, room_id).listed, "an edit is no message"
    house.do(unread.hold, bea, post.id)
    assert own(house, bea, room_id).listed, "marked as unread by hand, it is there"
    house.do(unread.mark, bea, room_id, 10**6)
    house.post(house.admin, "again", room_id)
    assert own(house, bea, room_id).listed
    with pytest.raises(NotFound):
        house.do(direct.hide, bea, house.room)
    with pytest.raises(NotFound):
        house.do(direct.hide, house.person("Cid"), room_id)


def test_two_only_hide_and_of_more_one_leaves(house: House) -> None:
    bea, cid = house.person("Bea"), house.person("Cid")
    two, three = make(house, house.admin, bea), make(house, house.admin, bea, cid)
    with pytest.raises(Forbidden, match="hide it instead"):
        house.do(direct.leave, bea, two)
    house.post(cid, "before", three)
    house.do(direct.leave, cid, three)
    with pytest.raises(NotFound):
        house.do(memberships.require, cid, three)
    assert own(house, bea, three).party == Party((house.ana, bea.id, cid.id), (cid.id,))
    assert house.post(bea, "the others go on", three)
    again = make(house, cid, bea, house.admin)
    assert again != three, "the same people get a new room"
    assert make(house, bea, cid, house.admin) == again
    house.do(direct.leave, bea, three)
    house.do(direct.leave, house.admin, three)
    house.do(direct.leave, cid, again)
    assert make(house, cid, bea, house.admin) not in (three, again)
    with pytest.raises(NotFound):
        house.do(direct.leave, cid, three)


@pytest.mark.parametrize("key", ["7", "3.7.9", "3.7.9/42/7", "3.7.9/42/3.9"])
def test_the_key_says_who_and_who_left(key: str) -> None:
    found = party_of(key)
    assert found is not None
    assert found.key(42) == key
    assert party_of(None) is None


def test_strangers_and_admins_find_nothing(house: House) -> None:
    """Ana is the community's admin, and not among them."""
    bea, cid, dora = house.person("Bea"), house.person("Cid"), house.person("Dora")
    room_id = make(house, bea, cid)
    message = house.post(bea, "between us", room_id)
    for stranger in (house.admin, dora):
        for rule, *args in (
            (memberships.enter, room_id), (memberships.join, room_id), (memberships.members, room_id),
            (history.read, room_id, {}), (messages.find, message.id), (messages.source, message.id),
            (messages.remove, message.id), (unread.mark, room_id, 1), (unread.hold, message.id),
            (direct.hide, room_id), (direct.leave, room_id), (memberships.leave, room_id),
            (memberships.add, room_id, "dora", "member"), (memberships.remove, room_id, cid.id),
            (rooms.change, room_id, "Ours", "", "open"),
        ):  # fmt: skip
            with pytest.raises(NotFound):
                house.do(rule, stranger, *args)
        with pytest.raises(NotFound):
            house.post(stranger, "let me in", room_id)
        assert room_id not in {listing.room.id for listing in house.do(rooms.directory, stranger)}
    assert room_id not in {listing.room.id for listing in house.do(rooms.directory, bea)}, "no directory has it"


def test_nobody_owns_or_changes_one(house: House) -> None:
    bea, cid, dora = house.person("Bea"), house.person("Cid"), house.person("Dora")
    room_id = make(house, house.admin, bea, cid)
    for actor in (house.admin, bea):
        assert not house.do(memberships.require, actor, room_id).manages
        for rule, *args in (
            (memberships.add, room_id, "dora", "member"), (memberships.remove, room_id, cid.id),
            (rooms.change, room_id, "Ours", "", "open"), (memberships.leave, room_id), (memberships.leaving, room_id),
        ):  # fmt: skip
            with pytest.raises(Forbidden):
                house.do(rule, actor, *args)
    theirs = house.post(bea, "mine to delete", room_id)
    with pytest.raises(Forbidden):
        house.do(messages.remove, house.admin, theirs.id)
    assert house.do(messages.remove, bea, theirs.id).deleted_at
    assert not policy.may_take_over(house.admin, members=0, direct=True)
    for each in (house.admin, bea, cid):
        house.do(direct.leave, each, room_id)
    with pytest.raises(NotFound):
        house.do(memberships.join, house.admin, room_id)
    assert room_id not in {listing.room.id for listing in house.do(rooms.directory, house.admin)}, "nobody is in it"
    assert dora


def test_a_newcomer_begins_in_an_open_room_and_direct_ones_count_for_no_limit(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    bea = house.person("Bea")
    for name in ("Cid", "Dora"):
        house.post(bea, "hello", make(house, bea, house.person(name)))
    monkeypatch.setattr(memberships, "MOST_ROOMS", 1)
    house.do(memberships.join, bea, house.room)
    assert house.do(rooms.welcome, house.person("Eva").id) == house.room
    monkeypatch.setattr(direct, "MOST_ROOMS", 2)
    with pytest.raises(Invalid, match="You have 2 direct rooms"):
        make(house, bea, house.admin)
    with pytest.raises(Invalid, match="One of these people has 2"):
        make(house, house.admin, bea)


def test_a_block_holds_where_two_write_and_nowhere_else(house: House) -> None:
    bea, cid = house.person("Bea"), house.person("Cid")
    two, three = make(house, house.admin, bea), make(house, house.admin, bea, cid)
    before = house.post(bea, "before", two, key="key-of-before")
    house.do(blocks.block, house.admin, bea.id)
    house.do(blocks.block, house.admin, bea.id)
    with pytest.raises(Blocked, match="takes no direct messages from you"):
        house.post(bea, "after", two)
    with pytest.raises(Blocked):
        house.do(messages.change, bea, before.id, "in another way", "<p>in another way</p>")
    with pytest.raises(Repeated):
        house.do(messages.post, bea, two, Draft("key-of-before", "before", "<p>before</p>"), "UTC")
    assert house.do(history.read, bea, two, {})[1].messages[-1].html == "<p>before</p>"
    assert house.do(messages.remove, bea, before.id).deleted_at, "their own can go"
    assert house.post(house.admin, "who blocks can write", two)
    assert house.post(bea, "among three it is as before", three)
    house.do(memberships.join, bea, house.room)
    assert house.post(bea, "and in the others", house.room)
    house.do(direct.leave, cid, three)
    assert house.post(bea, "where two are left as well", three)
    assert [each.id for each in house.do(blocks.everybody, house.admin)] == [bea.id]
    house.do(blocks.unblock, house.admin, bea.id)
    house.do(blocks.unblock, house.admin, bea.id)
    assert house.post(bea, "again", two)


def test_who_is_blocked_begins_nothing_new(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    bea, cid = house.person("Bea"), house.person("Cid")
    house.do(blocks.block, house.admin, bea.id)
    with pytest.raises(Blocked, match="Nothing was begun"):
        make(house, bea, house.admin)
    assert make(house, bea, house.admin, cid)
    room_id = make(house, house.admin, bea)
    assert make(house, bea, house.admin) == room_id, "what is there can be read"
    with pytest.raises(Invalid, match="yourself"):
        house.do(blocks.block, bea, bea.id)
    with pytest.raises(NotFound):
        house.do(blocks.block, bea, 10**6)
    monkeypatch.setattr(blocks, "MOST_BLOCKED", 1)
    with pytest.raises(Invalid, match="Unblock one"):
        house.do(blocks.block, house.admin, cid.id)


def test_a_reset_feed_is_told_no_name(house: House) -> None:
    room_id = make(house, house.admin, house.person("Bea"))
    house.post(house.admin, "hello", room_id)
    assert house.do(history.changes, room_id, 10**6).reset
    assert house.do(history.changes, room_id, 10**6).room is None
