"""Ends a connection from which nothing more is read."""

import asyncio

LINGER_SECONDS = 0.5
"""Seconds it stays open: a reset at once could reach the peer before the last answer, and delete it."""


def linger(loop: asyncio.AbstractEventLoop, transport: asyncio.Transport) -> asyncio.TimerHandle:
    """Close the writing side now, and abort after LINGER_SECONDS, in which the peer can read the last answer."""
    if transport.can_write_eof() and not transport.is_closing():
        transport.write_eof()
    return loop.call_later(LINGER_SECONDS, transport.abort)
