#!/usr/bin/env python3
"""Where a Python target spends its CPU under a closed loop: py-spy, self time by function.

    python profile_target.py uvicorn-sansio [--native] [--n 500] [--seconds 6]
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter

import run


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("target")
    p.add_argument("--native", action="store_true", help="also C frames (needs symbols)")
    p.add_argument("--n", type=int, default=500)
    p.add_argument("--closed", type=int, default=4)
    p.add_argument("--seconds", type=int, default=6)
    p.add_argument("--top", type=int, default=25)
    p.add_argument("--post-conns", type=int, default=4)
    p.add_argument("--py-spy", default=os.environ.get("BENCH_PYSPY", "py-spy"))
    o = p.parse_args()
    sys.argv = [sys.argv[0]]
    a = argparse.Namespace(
        python=os.environ.get("BENCH_PYTHON", sys.executable), node="node", node_path=os.environ.get("BENCH_NODE_PATH", ""),
        redis=os.environ.get("BENCH_REDIS", "redis-server"), server_core=0, client_core=1, redis_core=1, n=o.n, post_conns=o.post_conns)
    t = run.load_targets(sorted((run.HERE / "targets").glob("*.py")))[o.target]
    redis = run.Redis(a) if t.get("redis") else None
    server = client = None
    try:
        server = run.Running(t, a, redis)
        client = run.Client(a, server.client_args(o.n) + ["--poll", "1000", "--warm", "1", "--duration", str(o.seconds + 2), "--closed", str(o.closed)]
                            + t.get("client_args", []))
        client.event("connected")
        client.go()
        client.event("warm")
        client.go()
        with tempfile.NamedTemporaryFile() as f:
            subprocess.run([o.py_spy, "record", "-p", str(server.pid), "-d", str(o.seconds), "-r", "500", "-f", "raw", "--gil", "-o", f.name]
                           + (["--native"] if o.native else []), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            stacks = f.read().decode().splitlines()
        client.event("measured")
        client.go()
        r = client.event("result")
        own, total, n = Counter(), Counter(), 0
        for line in stacks:
            stack, c = line.rsplit(" ", 1)
            c = int(c)
            n += c
            frames = [re.sub(r":\d+\)$", ")", x) for x in stack.split(";")]
            own[frames[-1]] += c
            for x in set(frames):
                total[x] += c
        print(f"{o.target}: {n} samples, {r['deliveries_per_s']:.0f} deliveries/s while sampled")
        for name, c in own.most_common(o.top):
            print(f"{100 * c / n:5.1f}% self {100 * total[name] / n:5.1f}% total  {name}")
    finally:
        for x in (client, server, redis):
            if x:
                x.close()


if __name__ == "__main__":
    main()
