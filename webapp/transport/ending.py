"""How a connection ends whose peer is not listened to any more."""

import asyncio

LINGER_SECONDS = 0.5
"""How long it stays open, unread: a reset at once would take the last answer away from the peer."""


def linger(loop: asyncio.AbstractEventLoop, transport: asyncio.Transport) -> asyncio.TimerHandle:
    """End a connection that is not read any more, when the peer has had time to read what was written last."""
    if transport.can_write_eof() and not transport.is_closing():
        transport.write_eof()
    return loop.call_later(LINGER_SECONDS, transport.abort)
