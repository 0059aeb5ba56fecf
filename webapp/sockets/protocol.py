"""uvicorn's WebSocket protocol with a door for ready-made frames: `--ws webapp.sockets.protocol:FrameProtocol`.

It advertises `scope["extensions"]["tertulia.frames"]`, a `FrameDoor`. A frame given there goes to the transport at once
and unchanged, so that one bytes object serves any number of sockets. Where the server is another one, the extension is
missing and `plain.py` uses the ordinary `websocket.send`.
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
LOG.setLevel(logging.WARNING)  # uvicorn and websockets write three lines for each socket, with addresses of 60 KB
CLOSE_SECONDS = 5.0
LAST_SECONDS = 1.5
"""What a peer has to read its closing frame when the server ends."""
SPREAD_SECONDS, SPREAD_EACH = 3.0, 0.005


class FrameDoor:
    """What the application holds of one socket.

    `write(frame)` gives the transport one whole frame; it is False while the transport takes none, and a closed socket
    swallows it. `put` does the same with the bytes of a plain one: it is the transport's own method, and None while
    that takes none, after the end, and for who compresses. `paused` is called when it becomes None, `resumed` when the
    peer reads again.
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
        self.ended = False
        self.door: FrameDoor | None = None
        super().__init__(config, server_state, app_state, _loop)
        self.logger = LOG
        self.peers: Peers = app_state.get(KEY) or Peers(Limits(), Times())
        extensions = [DEFLATE] if config.ws_per_message_deflate else []
        largest = min(config.ws_max_size, self.peers.limits.frame)
        self.conn = BoundedFrames(self.peers.limits, extensions, largest, self.logger)
        # asyncio's own are five deques, 4 KiB for each socket.
        self.queue = Inbox(self.loop)  # type: ignore[assignment]
        self.writable = Gate(self.loop)  # type: ignore[assignment]
        self.writable.set()

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):  # a bad handshake was answered already
            self.door = FrameDoor(self)
            self.scope["extensions"][EXTENSION] = self.door  # type: ignore[assignment]

    @property
    def close_sent(self) -> bool:
        """Set by uvicorn wherever it ends a socket; from then on nothing is put any more."""
        return self.ended

    @close_sent.setter
    def close_sent(self, ended: bool) -> None:
        self.ended = ended
        if ended:
            self.stop_putting()

    def stop_putting(self) -> None:
        if self.door is not None and self.door.paused is not None:
            self.door.paused()

    def pause_writing(self) -> None:
        self.taking = False
        self.stop_putting()
        super().pause_writing()

    def resume_writing(self) -> None:
        self.taking = True
        super().resume_writing()
        if self.door is not None and self.door.resumed is not None:
            self.door.resumed()

    def write_frame(self, frame: Frame) -> bool:
        if self.taking and not self.ended:
            self.put(frame.plain)
            return True
        return self.ended or self.disconnected

    def write_deflated(self, frame: Frame) -> bool:
        if self.taking and not self.ended:
            self.put(frame.deflated)
            return True
        return self.ended or self.disconnected

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self.put = self.transport.write

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.ended:  # uvicorn would never answer
            answer = b"".join(self.conn.data_to_send()) or self.conn.reject(400, "").serialize()
            self._end_with(answer)

    def send_receive_event_to_app(self) -> None:
        """uvicorn's, but text that is no UTF-8 makes no traceback in the log."""
        try:
            if self.curr_msg_data_type == "text":
                b"".join(self.frames).decode()
        except UnicodeDecodeError:
            self.conn.fail(Close.NOT_UTF_8, "not UTF-8")
            self.handle_parser_exception()
        else:
            super().send_receive_event_to_app()

    def handle_ping(self) -> None:
        """Who does not read is not answered: the answers would be kept."""
        pongs = b"".join(self.conn.data_to_send())
        if self.taking:
            self.transport.write(pongs)

    def handle_parser_exception(self) -> None:
        """The peer broke the protocol, or a bound."""
        close = self.conn.close_sent
        code, reason = (close.code, close.reason) if close is not None else (Close.LOST, "")
        if self.conn.over is not None:
            self.peers.complain(network_of(self.client), f"{self.conn.over} on a socket ({code})")
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        if self.handshake_complete:
            self._end_with(b"".join(self.conn.data_to_send()))
        else:
            self.transport.abort()  # frames before the handshake's answer

    def _end_with(self, last: bytes) -> None:
        """Write this, and read nothing more."""
        self.transport.write(last)
        self.close_sent = True
        if not self.read_paused:
            self.transport.pause_reading()
        self.read_paused = False  # or uvicorn would read on when its queue is empty
        if self.close_timer is not None:
            self.close_timer.cancel()
        self.close_timer = linger(self.loop, self.transport)

    def handle_close(self, event: Any) -> None:
        super().handle_close(event)
        self.close_sent = True  # the peer has closed: what is still written to it goes nowhere
        self.end_soon()

    def eof_received(self) -> None:
        """The peer says no more, so it has gone. One that does not read either would keep the transport for ever."""
        super().eof_received()
        self.close_sent = True
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
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.end_soon()

    def shutdown(self) -> None:
        """The server ends: close 1012, each at a moment of its own, so that not all come back at the same time."""
        spread = min(SPREAD_SECONDS, len(self.connections) * SPREAD_EACH)
        self.loop.call_later(random.random() * spread, self._shutdown_now)  # noqa: S311 - jitter

    def _shutdown_now(self) -> None:
        if self.disconnected or self.transport.is_closing():
            return
        super().shutdown()
        self.close_sent = True  # no frame after the closing one
        self.close_timer = self.loop.call_later(LAST_SECONDS, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.taking = False
        self.stop_putting()
        self.door = None

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and self.close_sent:
            self.handshake_complete = True  # answered in another way; uvicorn would log it as an error
        if self.handshake_complete and self.request is not None:
            # The parser holds them as long as it lives; 4 KiB that only the handshake needs.
            self.request.headers.clear()
            self.response.headers.clear()
            self.request = self.response = None  # type: ignore[assignment]
