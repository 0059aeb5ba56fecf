"""Names, and the order that lists show them in."""

from webapp.domain import names


def test_numbers_in_names_are_sorted_as_numbers() -> None:
    wanted = ["", "2 rooms", "10 rooms", "Berlin", "berlin 2", "Berlin 10", "Room", "Room 2", "room 2b", "Room 10"]
    assert sorted(reversed(wanted), key=names.natural) == wanted
    strange = ["x\u00b2", "x\u0663", "9" * 80, "\u0665 a", "1 a 2 b 3", "1 a 2 b", "-1", "1.5", "\u2460"]
    assert sorted(strange, key=names.natural) == sorted(reversed(strange), key=names.natural)
