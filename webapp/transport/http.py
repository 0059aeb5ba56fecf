"""uvicorn's HTTP protocol with bounds: `--http webapp.transport.http:BoundedHttp`.

Bounded are a request's head (bytes, header fields, seconds), its body's framing (bytes) and arrival (seconds), and the
seconds in which a peer must read some of its answer. A request over a bound is answered once, and read no further.

uvicorn promises none of the names that are used here. tests/transport/ compares them with the installed version.
"""

import asyncio
from enum import Enum, auto
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from webapp.settings import Limits, Times
from webapp.transport.ending import linger
from webapp.transport.peers import KEY, Peers, network_of

PIPELINED = 8
LAST_SECONDS = 3.0
"""Seconds for a body to arrive, or an answer to be read, when the server ends."""


class TooMany(Exception):
    """A count is over its limit; the text is for the peer and the log."""


class Awaited(Enum):
    """The part of a request that the peer has begun and not finished."""

    HEAD = auto()
    BODY = auto()


class BoundedHttp(HttpToolsProtocol):
    def __init__(self, config: Any, server_state: Any, app_state: dict[str, Any], _loop: Any = None) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.peers: Peers = app_state.get(KEY) or Peers(Limits(), Times())
        self.limits, self.times = self.peers.limits, self.peers.times
        self.timeout_keep_alive = self.times.keep_alive  # type: ignore[assignment]
        self.address = ""
        self.awaited: Awaited | None = None
        self.deadline: asyncio.TimerHandle | None = None
        self.reading: asyncio.TimerHandle | None = None
        self.ended = False
        # Of the request that comes in: bytes on the wire, and bytes of its body; and how many requests have begun.
        self.sent = self.body_sent = self.begun = 0
        self.in_head = True
        self.whole = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.address = network_of(self.client)
        self._await(Awaited.HEAD)

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = True
        self._await(None)
        self._watch(None)
        super().connection_lost(exc)
        self._unset_keepalive_if_required()

    # -- what comes in

    def data_received(self, data: bytes) -> None:
        """The parser gets at most MAX_HEAD bytes at once, so that little is parsed beyond a bound."""
        while data and not self.ended and not self.transport.is_closing():
            room = self.limits.head - self.sent if self.in_head and not self.whole else self.limits.head
            self._feed(data[:room])
            data = data[room:]

    def _feed(self, data: bytes) -> None:
        begun, from_its_start = self.begun, self.whole or not self.begun
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            if self._should_upgrade():
                self._upgrade()
                return
        except httptools.HttpParserError as error:
            self._refuse(*fault(error))
            return
        if not self.whole:
            if self.begun <= begun + from_its_start:
                self.sent += len(data)  # all of it belongs to one request
            self._look()
        elif self.awaited is not None:
            self._await(None)

    def _look(self) -> None:
        """Note what is awaited of an unfinished request, and refuse it when it is over a bound."""
        awaited = Awaited.HEAD if self.in_head else Awaited.BODY
        if awaited is not self.awaited:
            self._await(awaited)
        if awaited is Awaited.HEAD and self.sent >= self.limits.head:
            self._refuse(431, f"The head of a request may have {self.limits.head} bytes.")
        elif awaited is Awaited.BODY and self.sent - self.body_sent > 2 * self.limits.head + self.body_sent // 8:
            self._refuse(400, "There is too much around the body of this request.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._unset_keepalive_if_required()
        self.begun += 1
        self.sent = self.body_sent = 0
        self.in_head, self.whole = True, False

    def on_header(self, name: bytes, value: bytes) -> None:
        """As uvicorn does it, and a count. Copied: a dozen calls more for each request would show in a profile."""
        if len(self.headers) >= self.limits.header_fields:
            raise TooMany(f"A request may have {self.limits.header_fields} header fields.")
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= PIPELINED:
            raise TooMany(f"Only {PIPELINED} requests may wait for their answers.")
        super().on_headers_complete()
        self.in_head = False

    def on_body(self, body: bytes) -> None:
        self.body_sent += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.whole = True

    def _upgrade(self) -> None:
        if self._answering():
            self._refuse(400, "A WebSocket is opened by a request of its own.")
            return
        self.ended = True
        self._await(None)
        self.handle_websocket_upgrade()

    # -- times

    def _await(self, awaited: Awaited | None, seconds: float | None = None) -> None:
        """Start the time in which the peer must finish this part; None: it has begun nothing."""
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None
        if awaited is None:
            self.peers.finish(self.address, self)
        else:
            within = self.times.head if awaited is Awaited.HEAD else self.times.body
            self.deadline = self.loop.call_later(within if seconds is None else seconds, self._late)
            if self.awaited is None and self.address:
                self.peers.begin(self.address, self)
        self.awaited = awaited

    def _late(self) -> None:
        if self.flow.read_paused:  # reading was paused by the server, so the peer is not late
            self._await(self.awaited)
        elif not self.begun:
            self.transport.close()  # a browser's spare connection: an answer would be taken for the next request's
        else:
            self._refuse(408, "This request took too long.")

    def give_up(self) -> None:
        """Called by Peers when this address has too many unfinished requests."""
        self._refuse(408, "There are too many unfinished requests from this address.")

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.whole:
            self._unset_keepalive_if_required()  # the next request has begun, and has its own time
        if self.transport.is_closing():
            self._watch(self.times.unread)

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._watch(self.times.unread)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch(self.times.unread)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._watch(None)

    def _watch(self, seconds: float | None) -> None:
        """Abort a peer that reads nothing for so long while something is unread; None: stop watching."""
        if self.reading is not None:
            self.reading.cancel()
            self.reading = None
        unread = self.transport.get_write_buffer_size() if seconds is not None else 0
        if unread:
            self.reading = self.loop.call_later(seconds, self._unread, unread, seconds)  # type: ignore[arg-type]

    def _unread(self, before: int, seconds: float) -> None:
        self.reading = None
        if self.transport.get_write_buffer_size() < before:
            self._watch(seconds)
        else:
            self.peers.complain(self.address, "reads no answer")
            self.transport.abort()

    def shutdown(self) -> None:
        """Close idle connections at once; give unfinished requests and unread answers LAST_SECONDS."""
        super().shutdown()
        if self.awaited is not None and not self.transport.is_closing():
            self._await(self.awaited, LAST_SECONDS)
        self._watch(LAST_SECONDS)

    # -- the end

    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse(self, status: int, reason: str) -> None:
        """Answer once if no answer has begun, log one line, and read nothing more."""
        self.ended = True
        self._await(None)
        self._unset_keepalive_if_required()
        self.flow.pause_reading()
        self.peers.complain(self.address, f"{reason} ({status})")
        if self.in_head and self._answering():
            self.cycle.keep_alive = False  # an earlier request is being answered: the connection ends after that
            return
        if self._may_answer():
            self.transport.write(self._answer(status, reason))
        if self._answering():
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        linger(self.loop, self.transport)

    def _may_answer(self) -> bool:
        """Whether the refused request has begun, has no answer yet, and comes next."""
        if self.in_head:
            return self.begun > 0
        return self._answering() and not self.cycle.response_started and not self.pipeline

    def _answer(self, status: int, reason: str) -> bytes:
        body = f"{reason}\n".encode()
        headers = [
            *self.server_state.default_headers,
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        return b"".join([STATUS_LINE[status], *(b"%b: %b\r\n" % header for header in headers), b"\r\n", body])


def fault(error: httptools.HttpParserError) -> tuple[int, str]:
    """(status, reason) for the error at which the parser stopped."""
    if isinstance(error.__context__, TooMany):
        return 431, str(error.__context__)
    return 400, "This is not a request."
