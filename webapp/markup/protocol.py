"""The pipe protocol of the rendering process: a body in, its HTML and CPU time out."""

import struct

CPU_SECONDS = 0.5
"""CPU seconds after which the kernel kills the rendering process. No known body takes a third of it."""

READY = b"ready"
size_of_body = struct.Struct("!I")
answer = struct.Struct("!II")
"""Size of the HTML in bytes, and the CPU time it took in microseconds."""


def body_frame(body: str) -> bytes:
    data = body.encode(errors="surrogatepass")
    return size_of_body.pack(len(data)) + data


def body_of(data: bytes) -> str:
    return data.decode(errors="surrogatepass")


def answer_frame(html: str, seconds: float) -> bytes:
    data = html.encode(errors="replace")
    return answer.pack(len(data), int(seconds * 1_000_000)) + data
