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
COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 300
WARM = 20
"""Sockets that are opened first, so that what is made once is not counted to the others."""
os.environ.update(
    DATA_DIR=tempfile.mkdtemp(prefix="product-memory-"),
    BENCH_ROOMS="1",
    BENCH_PEOPLE=str(COUNT + 1),
    MAX_SOCKETS_PER_PERSON="100000",
    MAX_SOCKETS_PER_ADDRESS="100000",
)

import product  # noqa: E402
import uvicorn  # noqa: E402
import uvloop  # noqa: E402

os.environ["SECRET_KEY"] = product.KEY
subprocess.run([sys.executable, str(ROOT / "bench/prepare_product.py")], check=True)

from webapp.main import app  # noqa: E402

REQUEST = (
    "GET /rooms/1/live?since=0 HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Origin: http://127.0.0.1\r\nCookie: {}\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
CONFIG = {
    "ws": "webapp.sockets.protocol:FrameProtocol",
    "http": "webapp.transport.http:BoundedHttp",
    "ws_per_message_deflate": False,
    "log_level": "error",
}


async def connect(address, numbers):
    """One open socket for each of these people."""
    loop, opened = asyncio.get_running_loop(), []
    for number in numbers:
        client = socket.socket()
        client.setblocking(False)
        await loop.sock_connect(client, address)
        await loop.sock_sendall(client, REQUEST.format(product.cookie(number)).encode())
        assert b" 101 " in await loop.sock_recv(client, 4096)
        opened.append(client)
    await asyncio.sleep(2)
    return opened


def snapshot():
    gc.collect()
    return tracemalloc.take_snapshot()


async def main():
    server = uvicorn.Server(uvicorn.Config(app, **CONFIG))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        serving = asyncio.ensure_future(server.serve(sockets=[listening]))
        while not server.started:  # noqa: ASYNC110 - uvicorn tells it in no other way
            await asyncio.sleep(0.05)
        address = listening.getsockname()
        clients = await connect(address, range(WARM))
        tracemalloc.start(1)
        before = snapshot()
        clients += await connect(address, range(WARM, COUNT))
        tell(snapshot().compare_to(before, "lineno"))
        server.should_exit = True
        for client in clients:
            client.close()
        await serving


def tell(lines):
    sockets = COUNT - WARM
    print(f"{sum(line.size_diff for line in lines) / sockets / 1024:.2f} KiB of Python objects a socket")
    for line in lines[:40]:
        file = line.traceback[0].filename.split("site-packages/")[-1]
        each, objects = line.size_diff / sockets, line.count_diff / sockets
        print(f"{each:8.0f} B {objects:6.2f}  {file}:{line.traceback[0].lineno}")


uvloop.run(main())
