"""The headings of days go down the page in their order, whatever the server's clock does."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import House
from webapp.domain import days, history, messages, rooms
from webapp.domain.history import Message

DAY = 86_400
YEAR = 365 * DAY


def shown(house: House, room: int) -> list[Message]:
    return list(house.do(history.newest, room, 10_000).messages)


def day(message: Message) -> int:
    return days.day(message.created_at, message.utc_offset)


def headings(house: House, room: int) -> list[int]:
    """The days that stand over the messages of a room, down its page."""
    return [day(message) for message in shown(house, room) if message.opens_day]


@pytest.fixture
def today(house: House) -> int:
    """The room has a message of today, which is written at noon, so that an hour more or less changes no day."""
    noon = house.post(house.admin, "the first").created_at // 1_000_000 // DAY * DAY + DAY + DAY // 2
    house.shift = 0
    house.later(noon - house.do(lambda tx: tx.now) // 1_000_000)
    return day(house.post(house.admin, "today"))


@pytest.mark.parametrize("back", [1, 3_600, 23 * 3_600])
def test_after_a_small_step_back_no_moment_is_earlier_than_the_one_before(house: House, today: int, back: int) -> None:
    house.later(-back)
    house.post(house.admin, "by a clock that was set back")
    house.later(back + 60)
    house.post(house.admin, "right again")
    moments = [message.created_at for message in shown(house, house.room)]
    assert moments == sorted(moments)
    assert headings(house, house.room) == [today - 1, today]
    assert day(shown(house, house.room)[-1]) == today


def test_a_clock_that_was_a_year_ahead_for_a_while_leaves_no_heading_of_it(house: House, today: int) -> None:
    house.later(YEAR)
    wrong = house.post(house.admin, "by a clock that is a year ahead")
    assert wrong.opens_day
    house.later(-YEAR)
    house.events.clear()
    right = house.post(house.admin, "right again")
    assert day(right) == today
    assert not right.opens_day
    told = house.events[-1].values["messages"]
    assert [values["id"] for values in told] == [wrong.id, right.id], "open pages are told of the heading that goes"
    assert headings(house, house.room) == [today - 1, today]
    for later in (1, 2):
        house.later(DAY)
        assert day(house.post(house.admin, "and on")) == today + later
    assert headings(house, house.room) == [today - 1, today, today + 1, today + 2]


def test_deleting_gives_no_day_to_a_message_of_the_wrong_year(house: House, today: int) -> None:
    opener = shown(house, house.room)[-1]
    house.later(YEAR)
    wrong = house.post(house.admin, "by a clock that is a year ahead")
    house.later(-YEAR)
    right = house.post(house.admin, "right again")
    house.later(DAY)
    house.post(house.admin, "tomorrow")
    house.do(messages.remove, house.admin, opener.id)
    assert headings(house, house.room) == [today - 1, today, today + 1]
    assert [m.id for m in shown(house, house.room) if m.opens_day][1] == right.id
    house.do(messages.remove, house.admin, right.id)
    assert headings(house, house.room) == [today - 1, today + 1]
    assert wrong.id in [message.id for message in shown(house, house.room)]


def test_a_clock_that_is_wrong_now_takes_nothing_from_a_room_that_has_lived_long(house: House, today: int) -> None:
    for _ in range(days.MOST_WITHDRAWN + 5):
        house.later(DAY)
        house.post(house.admin, "day after day")
    before = headings(house, house.room)
    house.later(-YEAR)
    lost = house.post(house.admin, "by a clock that is a year late")
    assert day(lost) == before[-1]
    house.later(YEAR + DAY)
    house.post(house.admin, "right again")
    assert headings(house, house.room) == [*before, before[-1] + 1]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("clock"), st.sampled_from([0, 60, 3_600, DAY, 3 * DAY, 40 * DAY, YEAR]), st.booleans()),
        st.tuples(st.just("post"), st.integers(1, 3), st.booleans()),
        st.tuples(st.just("delete"), st.integers(0, 50), st.booleans()),
    ),
    min_size=2,
    max_size=25,
)


@given(steps=STEPS)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_the_days_never_go_down_the_page(house: House, steps: list[tuple[str, int, bool]]) -> None:
    """Each example has a room of its own, and begins with the clock of today."""
    house.shift = 0
    room = house.do(rooms.create, house.ana, "Room", "", "open")
    for what, number, flag in steps:
        if what == "clock":
            house.later(number if flag else -number)
        elif what == "post":
            for _ in range(number):
                house.post(house.admin, "hm", room_id=room)
        elif found := shown(house, room):
            house.do(messages.remove, house.admin, found[number % len(found)].id)
        found_days = headings(house, room)
        assert found_days == sorted(set(found_days)), f"after {what} {number}"
