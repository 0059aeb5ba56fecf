"""Tables of the medians of a run, in Markdown."""

import statistics
import subprocess

LOAD_HEAD = [
    "target", "server CPU µs/delivery", "× {base}", "redis µs/d", "deliveries/s", "busy", "sys %", "p50 ms", "p95",
    "p99", "max", "lost/dup/ooo", "orders", "msgs/frame", "client µs/d",
]  # fmt: skip
MEMORY_HEAD = [
    "target", "N", "PSS at 0, MiB", "RSS at 0", "PSS at N", "KiB/conn (PSS)", "KiB/conn (RSS)",
    "KiB/conn after messages", "CPU µs/connect", "connect all, s", "idle CPU %",
]  # fmt: skip
PACKAGES = (
    "uvicorn uvloop httptools websockets starlette jinja2 django channels channels_redis redis hiredis sqlalchemy"
)
ASK = f"""
import importlib.metadata as metadata, sys
print("python", sys.version.split()[0])
for name in {PACKAGES.split()}:
    try: print(name, metadata.version(name))
    except metadata.PackageNotFoundError: pass
"""


def spread(values, digits=1):
    """Median (lowest-highest)."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def table(head, rows):
    lines = [head] + [[str(cell) for cell in row] for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for number, (first, *others) in enumerate(lines):
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        print(f"| {' | '.join(cells)} |")
        if number == 0:
            print(f"|{'|'.join('-' * (width + 1) + (':' if column else '-') for column, width in enumerate(widths))}|")
    print(flush=True)


def load_table(results, base):
    """`results`: target to the result of each repeat; the ratio to `base` is taken within a repeat."""
    rows = [load_row(name, repeats, results.get(base, [])) for name, repeats in results.items()]
    table([column.format(base=base) for column in LOAD_HEAD], rows)


def load_row(name, repeats, base):
    if not repeats:
        return [name, "failed"] + [""] * (len(LOAD_HEAD) - 2)

    def each(key):
        return [result[key] for result in repeats]

    def latency(key):
        return [result["lat_ms"][key] for result in repeats]

    ratios = [a / b["us_per_delivery"] for a, b in zip(each("us_per_delivery"), base, strict=False)]
    redis = each("redis_us_per_delivery")
    per_frame = [result["deliveries"] / max(1, result["frames_in"]) for result in repeats]
    return [
        name,
        spread(each("us_per_delivery")),
        spread(ratios, 2) if ratios else "",
        spread(redis) if redis[0] else "",
        f"{statistics.median(each('deliveries_per_s')):.0f}",
        f"{statistics.median(each('busy')):.2f}",
        f"{statistics.median(each('system_share')) * 100:.0f}",
        *(f"{statistics.median(latency(key)):.1f}" for key in ("p50", "p95", "p99")),
        f"{max(latency('max')):.0f}",
        "/".join(str(sum(each(key))) for key in ("lost", "duplicated", "out_of_order")),
        max(each("distinct_orders")),
        f"{statistics.median(per_frame):.2f}",
        f"{statistics.median(each('client_us_per_delivery')):.1f}",
    ]


def memory_table(results):
    """`results`: (target, sockets) to what each repeat measured."""
    table(MEMORY_HEAD, [memory_row(name, count, repeats) for (name, count), repeats in results.items()])


def memory_row(name, count, repeats):
    def median(key):
        return statistics.median(result[key] for result in repeats)

    return [
        name,
        count,
        *(f"{median(key):.1f}" for key in ("base_pss_mib", "base_rss_mib", "pss_mib", "kib_per_conn")),
        *(f"{median(key):.1f}" for key in ("rss_kib_per_conn", "kib_per_conn_used")),
        f"{median('connect_us'):.0f}",
        f"{median('connect_s'):.2f}",
        f"{median('idle_cpu') * 100:.2f}" if repeats[0]["idle_cpu"] is not None else "",
    ]


def versions(python):
    """What runs the targets, in one line."""
    asked = subprocess.run([python, "-c", ASK], capture_output=True, text=True, check=True)
    return " ".join(asked.stdout.splitlines())
