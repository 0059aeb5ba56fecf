"""Time that grows with the length of a text, in this process's CPU time and beside what the parser does anyway."""

import time
from collections.abc import Callable
from functools import lru_cache

from webapp import markup


def cost(render: Callable[[str], object], body: str) -> float:
    """Seconds of CPU."""
    start = time.process_time()
    render(body)
    return time.process_time() - start


@lru_cache
def fair(length: int) -> float:
    """What a dense text of this length costs on this machine: the parser at its ordinary pace."""
    return min(cost(markup.render_markdown, ("*a* " * length)[:length]) for _ in range(3))


def assert_linear(render: Callable[[str], object], make: Callable[[int], str], lengths: tuple[int, ...]) -> None:
    """Each length is four times the one before, and costs about four times as much. A quadratic renderer needs sixteen
    times; nine, and a fair share for what has a threshold, are room for noise. What looks slow is measured again.

    Lengths grow from small ones, so that what explodes does so while it can be waited for.
    """
    before = cost(render, make(lengths[0]))
    for length in lengths[1:]:
        body, most = make(length), 9 * before + fair(length)
        spent = cost(render, body)
        if spent > most:
            spent = min(cost(render, body) for _ in range(4))
        assert spent <= most, f"{length} characters take {spent:.4f} s, a quarter of them {before:.4f} s"
        before = spent
