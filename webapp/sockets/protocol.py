"""uvicorn's WebSocket protocol that takes ready frames: `--ws webapp.sockets.protocol:FrameProtocol`.

It offers a `FrameOutlet` as `scope["extensions"]["tertulia.frames"]`. A frame given to it goes to the transport at once
and unchanged, so that one bytes object serves any number of sockets. Other servers have no such extension; for them
`plain.py` uses `websocket.send`.

uvicorn promises none of the names that are used here. tests/transport/ compares them with the installed version.
"""

import logging
import random
from asyncio import BaseTransport
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory

from webapp.settings import Limits, Times
from webapp.sockets.codes import Close
from webapp.sockets.frame import MEMORY_LEVEL, WINDOW_BITS, Frame
from webapp.sockets.outlet import EXTENSION
from webapp.sockets.waiting import Gate, Inbox
from webapp.transport.ending import linger
from webapp.transport.frames import BoundedFrames
from webapp.transport.peers import KEY, Peers, network_of

# Without context takeover a frame is compressed once for all sockets, and no socket keeps a window of its own.
DEFLATE = ServerPerMessageDeflateFactory(
    server_no_context_takeover=True,
    client_no_context_takeover=True,
    server_max_window_bits=WINDOW_BITS,
    client_max_window_bits=WINDOW_BITS,
    compress_settings={"memLevel": MEMORY_LEVEL},
)
LOG = logging.getLogger("tertulia.sockets.protocol")
LOG.setLevel(logging.WARNING)  # uvicorn and websockets log three lines for each socket, with addresses of up to 60 KB
CLOSE_SECONDS = 5.0
LAST_SECONDS = 1.5
"""Seconds in which a peer can read its closing frame when the server ends."""
SPREAD_SECONDS, SPREAD_EACH = 3.0, 0.005


class FrameOutlet:
    """The `Outlet` of one socket of a FrameProtocol.

    `write` gives the transport one whole frame; False while paused. A closed socket drops it. `put` is the transport's
    own `write`; None while paused, when closed, or when compressed.
    """

    __slots__ = ("deflates", "paused", "protocol", "resumed", "write")

    def __init__(self, protocol: "FrameProtocol") -> None:
        self.protocol = protocol
        self.deflates = any(isinstance(each, PerMessageDeflate) for each in protocol.conn.extensions)
        self.write: Callable[[Frame], bool] = protocol.write_deflated if self.deflates else protocol.write_frame
        self.paused: Callable[[], None] | None = None
        self.resumed: Callable[[], None] | None = None

    @property
    def put(self) -> Callable[[bytes], None] | None:
        protocol = self.protocol
        return protocol.put if protocol.taking and not protocol.close_sent and not self.deflates else None

    def admit(self) -> None:
        self.protocol.conn.admit()

    def close(self, code: int, reason: str) -> None:
        """Close without waiting for a peer that does not read."""
        self.protocol.close_now(code, reason)


class FrameProtocol(WebSocketsSansIOProtocol):
    conn: BoundedFrames

    def __init__(self, config: Any, server_state: Any, app_state: dict[str, Any], _loop: Any = None) -> None:
        self.taking = True
        self.outlet: FrameOutlet | None = None
        super().__init__(config, server_state, app_state, _loop)
        self.logger = LOG
        self.peers: Peers = app_state.get(KEY) or Peers(Limits(), Times())
        extensions = [DEFLATE] if config.ws_per_message_deflate else []
        largest = min(config.ws_max_size, self.peers.limits.frame)
        self.conn = BoundedFrames(self.peers.limits, extensions, largest, self.logger)
        # asyncio's Queue and Event would take 4 KiB for each socket.
        self.queue = Inbox(self.loop)  # type: ignore[assignment]
        self.writable = Gate(self.loop)  # type: ignore[assignment]
        self.writable.set()

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):  # a bad handshake was answered already
            self.outlet = FrameOutlet(self)
            self.scope["extensions"][EXTENSION] = self.outlet  # type: ignore[assignment]

    def stop_sending(self) -> None:
        """Nothing is put from now on: the socket has ended, or is about to."""
        self.close_sent = True
        self._tell_paused()

    def _tell_paused(self) -> None:
        if self.outlet is not None and self.outlet.paused is not None:
            self.outlet.paused()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        if self.close_sent:
            self.stop_sending()

    def pause_writing(self) -> None:
        self.taking = False
        self._tell_paused()
        super().pause_writing()

    def resume_writing(self) -> None:
        self.taking = True
        super().resume_writing()
        if self.outlet is not None and self.outlet.resumed is not None:
            self.outlet.resumed()

    def write_frame(self, frame: Frame) -> bool:
        if self.taking and not self.close_sent:
            self.put(frame.plain)
            return True
        return self.close_sent or self.disconnected

    def write_deflated(self, frame: Frame) -> bool:
        if self.taking and not self.close_sent:
            self.put(frame.deflated)
            return True
        return self.close_sent or self.disconnected

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self.put = self.transport.write

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.close_sent:  # uvicorn would never answer
            answer = b"".join(self.conn.data_to_send()) or self.conn.reject(400, "").serialize()
            self._end_with(answer)

    def send_receive_event_to_app(self) -> None:
        """As uvicorn does it, but text that is not UTF-8 makes no traceback in the log."""
        try:
            if self.curr_msg_data_type == "text":
                b"".join(self.frames).decode()
        except UnicodeDecodeError:
            self.conn.fail(Close.NOT_UTF_8, "not UTF-8")
            self.handle_parser_exception()
        else:
            super().send_receive_event_to_app()

    def handle_ping(self) -> None:
        """A peer that does not read gets no pong: pongs would pile up in the transport."""
        pongs = b"".join(self.conn.data_to_send())
        if self.taking:
            self.transport.write(pongs)

    def handle_parser_exception(self) -> None:
        """The peer broke the protocol, or passed a bound."""
        close = self.conn.close_sent
        code, reason = (close.code, close.reason) if close is not None else (Close.LOST, "")
        if self.conn.over is not None:
            self.peers.complain(network_of(self.client), f"{self.conn.over} on a socket ({code})")
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        if self.handshake_complete:
            self._end_with(b"".join(self.conn.data_to_send()))
        else:
            self.transport.abort()  # frames came before the answer to the handshake

    def _end_with(self, last: bytes) -> None:
        """Write this last, and read nothing more."""
        self.transport.write(last)
        self.stop_sending()
        if not self.read_paused:
            self.transport.pause_reading()
        self.read_paused = False  # or uvicorn would read on when its queue is empty
        if self.close_timer is not None:
            self.close_timer.cancel()
        self.close_timer = linger(self.loop, self.transport)

    def handle_close(self, event: Any) -> None:
        super().handle_close(event)
        self.stop_sending()
        self.end_soon()

    def eof_received(self) -> None:
        """A peer that sends no more has gone. If it does not read either, the transport would stay open for ever."""
        super().eof_received()
        self.stop_sending()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": Close.LOST})
        self.end_soon()

    def end_soon(self) -> None:
        if self.close_timer is None and not self.disconnected:
            self.close_timer = self.loop.call_later(CLOSE_SECONDS, self.transport.abort)

    def close_now(self, code: int, reason: str) -> None:
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.stop_sending()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.end_soon()

    def shutdown(self) -> None:
        """Close with 1012 at a random moment, so that not all peers come back at the same time."""
        spread = min(SPREAD_SECONDS, len(self.connections) * SPREAD_EACH)
        self.loop.call_later(random.random() * spread, self._shutdown_now)  # noqa: S311 - jitter

    def _shutdown_now(self) -> None:
        if self.disconnected or self.transport.is_closing():
            return
        super().shutdown()
        self.stop_sending()  # no frame after the closing one
        self.close_timer = self.loop.call_later(LAST_SECONDS, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.taking = False
        self._tell_paused()
        self.outlet = None

    async def send(self, message: Any) -> None:
        await super().send(message)
        if self.close_sent:
            self.stop_sending()
        if message["type"] == "websocket.http.response.body" and self.close_sent:
            self.handshake_complete = True  # the refusal was sent; without this uvicorn logs an error
        if self.handshake_complete and self.request is not None:
            # websockets' parser keeps them while it lives; they are 4 KiB that only the handshake needs.
            self.request.headers.clear()
            self.response.headers.clear()
            self.request = self.response = None  # type: ignore[assignment]
