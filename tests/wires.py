"""What lies in the kernel between two processes: so that a test can wait for it instead of for a time."""

from pathlib import Path

LISTEN = "0A"


def unread(port: int) -> int:
    """Bytes that were sent to this port of 127.0.0.1 and that whoever serves it has not read (/proc/net/tcp)."""
    found = 0
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, _, state, queues, *_ = line.split()
        if state != LISTEN and int(local.split(":")[1], 16) == port:
            found += int(queues.split(":")[1], 16)
    return found
