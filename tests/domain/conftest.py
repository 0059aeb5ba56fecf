"""A community in each of the two databases."""

from collections.abc import Iterator

import pytest

from tests.factories import House


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    made = House(database_url)
    yield made
    made.close()
