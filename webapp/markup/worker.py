"""A process that renders what it reads from its standard input: `python -m webapp.markup.worker`, see process.py.

The kernel ends it when one body takes more than its share of CPU, in whatever expression it is, and it ends itself
when its input does: with the process that started it, however that died.
"""

import signal
import sys
import time
from typing import BinaryIO

from webapp.markup.protocol import CPU_SECONDS, READY, answer_frame, body_of, size_of_body
from webapp.markup.rendering import render


def main() -> None:
    reading, writing = sys.stdin.buffer, sys.stdout.buffer
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    writing.write(READY)
    writing.flush()
    while (body := received(reading)) is not None:
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
        start = time.process_time()
        html = render(body)
        spent = time.process_time() - start
        signal.setitimer(signal.ITIMER_PROF, 0)
        writing.write(answer_frame(html, spent))
        writing.flush()


def received(reading: BinaryIO) -> str | None:
    """The next body; None at the end of input, also in the middle of a body."""
    header = reading.read(size_of_body.size)
    if len(header) < size_of_body.size:
        return None
    (size,) = size_of_body.unpack(header)
    data = reading.read(size)
    return body_of(data) if len(data) == size else None


if __name__ == "__main__":
    main()
