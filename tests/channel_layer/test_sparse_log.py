"""A flood of what is wrong is no flood of lines."""

import logging

import pytest

from tests.channel_layer.vocabulary import Clock
from webapp.channel_layer import SparseLog


def test_one_line_a_minute_for_each_reason(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    log = SparseLog(logging.getLogger("test"), clock)
    for _ in range(3):
        for number in range(1_000):
            log.warning("one", "number %d", number)
            log.warning("other", "a number")
        clock.now += 60
    assert [each.getMessage() for each in caplog.records] == [
        "number 0", "a number", "number 0 (and 999 more like this)", "a number (and 999 more like this)",
        "number 0 (and 999 more like this)", "a number (and 999 more like this)",
    ]  # fmt: skip


def test_an_error_is_told_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    SparseLog(logging.getLogger("test")).warning("one", "it failed", error=RuntimeError("fire"))
    assert "RuntimeError: fire" in caplog.text
