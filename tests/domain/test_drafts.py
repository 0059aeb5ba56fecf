"""What a draft has beyond the messages that were made of it."""

import pytest

from tests.factories import House
from webapp.domain import drafts as rules
from webapp.domain import messages
from webapp.domain.drafts import Settled
from webapp.domain.messages import AnotherText, Draft


@pytest.mark.parametrize(
    ("text", "stored", "rest"),
    [
        ("hello", "hello", ""),
        ("hello w", "hello", "w"),
        ("hello \n w ", "hello", "w "),
        ("helwlo", "hello", "w"),
        ("aaa", "aa", "a"),
        ("hello", "", "hello"),
    ],
)
def test_what_was_typed_into_a_sent_draft_is_found(text: str, stored: str, rest: str) -> None:
    assert rules.without(text, stored) == rest


@pytest.mark.parametrize(
    ("text", "stored"), [("hell", "hello"), ("hallo", "hello"), ("", "hello"), ("hexxlxo", "hello")]
)
def test_another_text_is_no_rest(text: str, stored: str) -> None:
    with pytest.raises(AnotherText):
        rules.without(text, stored)


def test_a_rest_goes_before_the_next_draft(house: House) -> None:
    house.post(house.admin, "hello", key="key-one-1")
    drafts = [Draft("key-one-1", "hellow"), Draft("key-two-2", "orld")]
    assert house.do(rules.standing, house.admin, drafts) == [
        Settled(drafts[0], True, "w"),
        Settled(drafts[1], False, "world"),
    ]
    house.post(house.admin, "world", key="key-two-2")
    assert house.do(rules.standing, house.admin, drafts) == [
        Settled(drafts[0], True, "w"),
        Settled(drafts[1], True, ""),
    ]


def test_one_draft_may_make_several_messages(house: House) -> None:
    house.post(house.admin, "one", key="key-one-1")
    house.post(house.admin, "two", key=rules.derived("key-one-1", 2))
    draft = Draft("key-one-1", "onetwothree")
    assert house.do(rules.beyond, house.admin, draft) == (2, "three")


def test_a_deleted_message_is_not_made_again_and_a_changed_one_is_told(house: House) -> None:
    gone = house.post(house.admin, "gone", key="key-one-1")
    house.do(messages.remove, house.admin, gone.id)
    edited = house.post(house.admin, "before", key="key-two-2")
    house.do(messages.change, house.admin, edited.id, "after", "<p>after</p>")
    drafts = [Draft("key-one-1", "gone"), Draft("key-two-2", "before")]
    assert house.do(rules.standing, house.admin, drafts) == [
        Settled(drafts[0], True, ""),
        Settled(drafts[1], False, "before", changed=True),
    ]
