"""One measurement of one target: of deliveries under load, or of the memory of idle sockets."""

import contextlib
import sys
import time

from load import Client, load_args
from processes import cpu, cpu_between, memory
from target import running


def deliveries(target, options, shape):
    """wsload's result for one shape of load, with what server and Redis used for it. RuntimeError: something ended."""
    with contextlib.ExitStack() as stack:
        server, redis = stack.enter_context(running(target, options))
        args = server.client_args(options.n) + load_args(options, shape)
        client = stack.enter_context(contextlib.closing(Client(options, args)))
        opened = client.event("connected")["open"]
        if opened < options.n:
            print(f"  {target.name}: only {opened} of {options.n} connected", file=sys.stderr)
        time.sleep(options.settle)
        client.go()
        client.event("warm")
        time.sleep(0.3)
        before, redis_before = cpu(server.pid), cpu(redis.process.pid) if redis else None
        client.go()
        client.event("measured")
        after, redis_after = cpu(server.pid), cpu(redis.process.pid) if redis else None
        pss = memory(server.pid)["pss"] / 1024
        client.go()
        result = client.event("result")
        if options.show_log and server.tail().strip():
            print(server.tail(), file=sys.stderr)
    used, count = cpu_between(before, after), max(1, result["deliveries"])
    return result | {
        "server_cpu_s": used,
        "system_share": (after.system - before.system) / max(1e-9, after.ticks - before.ticks),
        "us_per_delivery": used * 1e6 / count,
        "redis_us_per_delivery": cpu_between(redis_before, redis_after) * 1e6 / count if redis else 0.0,
        "busy": used / max(1e-9, result["seconds"]),
        "pss_mib": pss,
    }


def idle_sockets(target, options, count):
    """Memory with no socket, with `count` idle ones, and after a few messages. RuntimeError: something ended."""
    with contextlib.ExitStack() as stack:
        server, _ = stack.enter_context(running(target, options))
        load_what_is_loaded_late(server, options)
        empty, cpu_empty = memory(server.pid), cpu(server.pid)
        args = [*server.client_args(count), "--connect-timeout", "120", "--concurrency", str(options.concurrency)]
        args += [
            "--warm",
            "0",
            "--duration",
            "0",
            "--messages",
            str(options.mem_messages),
            "--timeout",
            "60",
            "--drain",
            "60",
        ]
        client = stack.enter_context(contextlib.closing(Client(options, args)))
        opened = client.event("connected")["open"]
        cpu_open = cpu(server.pid)
        time.sleep(2.0)
        idle = memory(server.pid)
        idle_cpu = rest(server, options.idle) if options.idle else None
        client.go()
        client.event("warm")
        client.go()
        client.event("measured")
        used = memory(server.pid)
        client.go()
        result = client.event("result")
    return {
        "n": opened,
        "base_pss_mib": empty["pss"] / 1024,
        "base_rss_mib": empty["rss"] / 1024,
        "pss_mib": idle["pss"] / 1024,
        "kib_per_conn": (idle["pss"] - empty["pss"]) / opened,
        "rss_kib_per_conn": (idle["rss"] - empty["rss"]) / opened,
        "kib_per_conn_used": (used["pss"] - empty["pss"]) / opened,
        "connect_s": result["connect_s"],
        "connect_us": cpu_between(cpu_empty, cpu_open) * 1e6 / opened,
        "idle_cpu": idle_cpu,
    }


def load_what_is_loaded_late(server, options):
    """One socket and a few messages first, so that late imports are not counted to the sockets that follow."""
    args = [*server.client_args(1), "--warm", "0", "--duration", "0", "--messages", "20"]
    with contextlib.closing(Client(options, args)) as client:
        for name in ("connected", "warm", "measured"):
            client.event(name)
            client.go()
        client.event("result")
    time.sleep(1.0)


def rest(server, seconds):
    """The share of a core that the server uses while nothing happens."""
    before = cpu(server.pid)
    time.sleep(seconds)
    return cpu_between(before, cpu(server.pid)) / seconds
