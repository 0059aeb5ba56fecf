"""Processes of a run: what they use of CPU and memory (from /proc), how they are pinned to a core and ended."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cpu:
    """CPU seconds of a process tree: utime + stime, the same by the scheduler's finer clock, and stime alone."""

    ticks: float
    exact: float
    system: float


def tree(pid):
    """`pid` and all its descendants."""
    children = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError, IndexError), open(f"/proc/{name}/stat") as file:
            children.setdefault(int(file.read().rsplit(")", 1)[1].split()[1]), []).append(int(name))
    found, todo = [], [pid]
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


def cpu(pid):
    """What the tree of `pid` has used until now, its ended children included."""
    ticks = exact = system = 0.0
    for each in tree(pid):
        with contextlib.suppress(OSError):
            with open(f"/proc/{each}/stat") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            ticks += sum(map(int, fields[11:15])) / TICKS_PER_SECOND
            system += (int(fields[12]) + int(fields[14])) / TICKS_PER_SECOND
            for thread in os.listdir(f"/proc/{each}/task"):
                with open(f"/proc/{each}/task/{thread}/schedstat") as file:
                    exact += int(file.read().split()[0]) / 1e9
    return Cpu(ticks, exact, system)


def cpu_between(before, after):
    """CPU seconds by the finer clock, unless a thread or process ended meanwhile and took its count with it."""
    ticks, exact = after.ticks - before.ticks, after.exact - before.exact
    return exact if abs(ticks - exact) < 0.05 + 0.02 * ticks else ticks


def memory(pid):
    """{"rss": KiB, "pss": KiB} of the tree."""
    found = {"rss": 0, "pss": 0}
    for each in tree(pid):
        with contextlib.suppress(OSError), open(f"/proc/{each}/smaps_rollup") as file:
            for line in file:
                name = line.split(":")[0].lower()
                if name in found:
                    found[name] += int(line.split()[1])
    return found


def free_port():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


def answers(port):
    """Whether somebody listens on this port of 127.0.0.1."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5):
        return True
    return False


def wait_for(port, process, seconds):
    """Until the port answers. RuntimeError: the process ended, or it took longer."""
    end = time.monotonic() + seconds
    while not answers(port):
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError("it did not start")
        time.sleep(0.05)


def pinned(core):
    """What stands before a command to keep it on one core; nothing where `taskset` is missing."""
    return ["taskset", "-c", str(core)] if core is not None and shutil.which("taskset") else []


def stop(process, grace=3):
    """End the process group of this process: each server of a run is its own group."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
