"""Names that cannot be seen, or told from another's (case 57)."""

import pytest

from tests.factories import House
from webapp.domain import messages, names
from webapp.domain.errors import Invalid
from webapp.domain.look_alikes import skeleton

NOTHING = [
    "", " ", "\u200b", "\u202e", "\u3164", "\u115f\u1160", "\uffa0", "\u2800\u2800", "\u034f", "\ufe0f", "\u200d",
    "\u0301", "\u2060", "\U000e0041", "\U0001d159", "\u00ad", "\ufeff", "\u180e",
]  # fmt: skip
DISGUISED = [
    "An\u200ba",
    "Ana\u3164",
    "\u2060Ana",
    "Ana\u200d",
    "A\u200dna",
    "Ana\ufe0f",
    "A\u034fna",
    "Ana\u00ad",
    "Ana @ana",
    "Ana \uff20ana",
    "A\u0301\u200d\u0301na",
]
FINE = [
    "Ana Lima", "Zo\u00eb", "\u5c71\u7530 \u592a\u90ce", "\u0646\u0627\u0645\u200c\u0647\u0627",
    "\u0915\u094d\u200d\u0937", "Ana \U0001f469\u200d\U0001f52c", "Ana \u2764\ufe0f",
    "O'Neil-Smith Jr.", "\U0001fae8", "R2D2",
]  # fmt: skip


@pytest.mark.parametrize("name", [*NOTHING, *DISGUISED], ids=ascii)
def test_case_57_a_name_that_is_not_what_is_seen_is_refused(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        names.display_name(name)
    assert refused.value.fields["display_name"]


@pytest.mark.parametrize("name", FINE, ids=ascii)
def test_a_name_of_any_script_is_taken_as_it_is(name: str) -> None:
    assert names.display_name(name) == name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana", "\u0410na"), ("Bill", "BiII"), ("Moma", "Morna"), ("Ana L", "ana  l"), ("Leo", "L\u0435o"),
        ("Al", "A1"),
        ("\u0645\u062d\u0645\u062f", "\u0645\u200d\u062d\u0645\u062f"), ("\u2764", "\u2764\ufe0f"),
        ("Hugo", "\u04bbugo"),
        ("Dan", "\u0501an"), ("Tom", "T\u0585m"), ("Yan", "\u04aean"), ("O'Neil", "O\u2019Neil"),
        ("Ana-B", "Ana\u2013B"),
    ],
    ids=ascii,
)  # fmt: skip
def test_names_that_look_alike_have_one_skeleton(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


def test_names_that_do_not_have_two() -> None:
    assert skeleton("Ana") != skeleton("Anna")


def test_usernames_stand_beside_names_that_look_alike(house: House) -> None:
    alone = house.member("Bea")
    first = house.post(alone, "before")
    assert first.author_name == "Bea"
    double = house.member("\u0412ea")  # a Cyrillic capital
    assert double.display_name == f"\u0412ea @{double.username}"
    assert house.post(house.sign_in(alone.id), "after").author_name == "Bea @bea"
    assert house.do(messages.find, house.admin, first.id)[1].author_name == "Bea @bea", "what stands there already"
    assert house.post(house.admin, "hello").author_name == "Ana Lima"
