"""A rate limit for warnings, so that a flood of bad input does not flood the log."""

import logging
import time
from collections import Counter
from collections.abc import Callable

QUIET_SECONDS = 60.0


class SparseLog:
    """At most one warning per minute and reason; the next one says how many were left out.

    A reason is a constant of the program, never input: one entry is kept for each.
    """

    def __init__(self, logger: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._logger = logger
        self._clock = clock
        self._quiet_until: dict[str, float] = {}
        self._left_out: Counter[str] = Counter()

    def warning(self, reason: str, text: str, *values: object, error: BaseException | None = None) -> None:
        """`text` and `values` as in `logging`; `error` is logged with its traceback."""
        now = self._clock()
        if now < self._quiet_until.get(reason, now):
            self._left_out[reason] += 1
            return
        self._quiet_until[reason] = now + QUIET_SECONDS
        if left_out := self._left_out.pop(reason, 0):
            text, values = f"{text} (and %d more like this)", (*values, left_out)
        self._logger.warning(text, *values, exc_info=error)
