#!/usr/bin/env python3
"""Which lines the Python memory of an idle, signed-in socket of Tertulia comes from (tracemalloc).

    python bench/micro/product_memory.py [N]
"""

import asyncio
import gc
import os
import socket
import subprocess
import sys
import tempfile
import tracemalloc
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "bench" / "targets")]
N = int(sys.argv[1]) if len(sys.argv) > 1 else 300
folder = tempfile.mkdtemp(prefix="product-memory-")
os.environ.update(DATA_DIR=folder, BENCH_ROOMS="1", BENCH_PEOPLE=str(N + 1), MAX_SOCKETS_PER_PERSON="100000",
                  MAX_SOCKETS_PER_ADDRESS="100000")

import product  # noqa: E402
import uvicorn  # noqa: E402
import uvloop  # noqa: E402

os.environ["SECRET_KEY"] = product.KEY
subprocess.run([sys.executable, str(ROOT / "bench/prepare_product.py")], check=True)

from webapp.main import app  # noqa: E402

REQUEST = ("GET /rooms/1/live?since=0 HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: http://127.0.0.1\r\n"
           "Cookie: {}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")


async def main():
    config = uvicorn.Config(app, ws="webapp.sockets.protocol:FrameProtocol", ws_per_message_deflate=False, log_level="error", http="webapp.transport.http:BoundedHttp")
    server = uvicorn.Server(config)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    serving = asyncio.ensure_future(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.05)
    loop, kept = asyncio.get_running_loop(), []

    async def connect(first, last):
        for number in range(first, last):
            client = socket.socket()
            client.setblocking(False)
            await loop.sock_connect(client, listening.getsockname())
            await loop.sock_sendall(client, REQUEST.format(product.cookie(number)).encode())
            assert b" 101 " in await loop.sock_recv(client, 4096)
            kept.append(client)
        await asyncio.sleep(2)

    await connect(0, 20)
    gc.collect()
    tracemalloc.start(1)
    before = tracemalloc.take_snapshot()
    await connect(20, N)
    gc.collect()
    after = tracemalloc.take_snapshot()
    total = 0
    for line in after.compare_to(before, "lineno"):
        total += line.size_diff
    print(f"{total / (N - 20) / 1024:.2f} KiB of Python objects a socket")
    for line in after.compare_to(before, "lineno")[:40]:
        where = line.traceback[0]
        print(f"{line.size_diff / (N - 20):8.0f} B {line.count_diff / (N - 20):6.2f}  {where.filename.split('site-packages/')[-1]}:{where.lineno}")
    server.should_exit = True
    for client in kept:
        client.close()
    await serving


uvloop.run(main())
