"""What the transport relies on in uvicorn, httptools and websockets beyond what they promise, and where.

A `behaviour` is a method whose text matters, because ours runs before, after or instead of it; its digest is that of
the version that our code was read against. `digest` prints the digest of another one.
"""

import hashlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httptools
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.server import ServerProtocol
from websockets.streams import StreamReader


@dataclass(frozen=True)
class Relied:
    """Names of one class: attributes that an instance has, methods with their parameters, and texts by digest."""

    owner: type
    package: str
    used_in: str
    attributes: frozenset[str] = frozenset()
    methods: Mapping[str, str] = field(default_factory=dict)
    behaviours: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Method to its digest, and what we rely on in it."""

    @property
    def names(self) -> frozenset[str]:
        return self.attributes | self.methods.keys() | self.behaviours.keys()


WEBSOCKET = Relied(
    WebSocketsSansIOProtocol,
    "uvicorn",
    "webapp/sockets/protocol.py, FrameProtocol",
    attributes=frozenset({
        "client", "close_sent", "close_timer", "conn", "connections", "curr_msg_data_type", "disconnected", "frames",
        "handshake_complete", "logger", "loop", "queue", "read_paused", "transport", "writable",
    }),
    behaviours={
        "__init__": ("9275f369c8c7", "makes `conn`, `queue` and `writable`, which ours replaces"),
        "connection_made": ("aec33d43e849", "sets `transport` and `client`"),
        "connection_lost": ("a6f38b7afc4b", "sets `disconnected` and cancels `close_timer`"),
        "data_received": ("92336f21d502", "parses, then calls `handle_parser_exception` or `handle_events`"),
        "eof_received": ("f2b20dd5492a", "does nothing"),
        "handle_connect": ("480d718a3ddb", "sets `scope` for a good handshake alone; keeps `request`, `response`"),
        "handle_close": ("b50fe407b9a5", "answers the peer's close and tells the application"),
        "handle_ping": ("f1b618686f83", "only writes what the parser has to send; ours does not while paused"),
        "handle_parser_exception": ("162a244b9584", "tells the application and closes at once; ours lingers instead"),
        "keepalive_timeout": ("304d9b2dd412", "sets `close_sent` when it ends the socket"),
        "pause_writing": ("6d12fddc5e30", "only shuts `writable`"),
        "receive": ("935ec30df7aa", "resumes reading when `read_paused` and `queue` is empty"),
        "resume_writing": ("aa0d14d7f70b", "only opens `writable`"),
        "run_asgi": ("e7cd437ec983", "leaves the transport open at the application's end when `close_timer` is set"),
        "send": ("337c88bc1bbb", "sets `close_sent` when it ends the socket"),
        "send_receive_event_to_app": ("d09536f6c21d", "joins `frames` and decodes text"),
        "shutdown": ("4cf457a1f59d", "sends 1012 and closes the transport"),
    },
)  # fmt: skip
HTTP = Relied(
    HttpToolsProtocol,
    "uvicorn",
    "webapp/transport/http.py, BoundedHttp",
    attributes=frozenset({
        "client", "cycle", "expect_100_continue", "flow", "headers", "loop", "parser", "pipeline", "server_state",
        "timeout_keep_alive", "transport",
    }),
    methods={
        "_should_upgrade": "self", "_unset_keepalive_if_required": "self", "handle_websocket_upgrade": "self",
    },
    behaviours={
        "connection_lost": ("d94c8f881c93", "ends the cycle; ours cancels the timers before"),
        "connection_made": ("57022c8ff63c", "sets `transport`, `client` and `flow`"),
        "data_received": ("77d64a8ed713", "ours feeds the parser piece by piece instead"),
        "on_body": ("a8b4e86add6c", "pauses reading above its mark"),
        "on_header": ("3c6232bfbe8d", "ours is the same and counts"),
        "on_headers_complete": ("8340d55da54a", "starts the request, or appends it to `pipeline`"),
        "on_message_begin": ("edabbefc2c67", "makes `headers`; ours sets the bounds back"),
        "on_message_complete": ("637e321f44da", "tells the cycle that the body is whole"),
        "on_response_complete": ("711703bdb94f", "starts the next request, or the keep-alive timer"),
        "pause_writing": ("97c57fc26189", "only tells `flow`"),
        "resume_writing": ("4440bc6ac6e6", "only tells `flow`"),
        "shutdown": ("1289206de08e", "closes what is idle; what is answered ends after its answer"),
        "timeout_keep_alive_handler": ("347bfacb1966", "closes the transport"),
    },
)  # fmt: skip
CYCLE = Relied(
    RequestResponseCycle,
    "uvicorn",
    "webapp/transport/http.py, BoundedHttp._refuse",
    attributes=frozenset({"disconnected", "keep_alive", "message_event", "response_complete", "response_started"}),
)
FLOW = Relied(
    FlowControl,
    "uvicorn",
    "webapp/transport/http.py, BoundedHttp",
    attributes=frozenset({"read_paused"}),
    methods={"pause_reading": "self"},
)
PARSER = Relied(
    httptools.HttpRequestParser,
    "httptools",
    "webapp/transport/http.py, BoundedHttp._feed",
    methods={"feed_data": "self, data"},
)
FRAMES = Relied(
    ServerProtocol,
    "websockets",
    "webapp/transport/frames.py, BoundedFrames, and webapp/sockets/protocol.py",
    attributes=frozenset({"close_sent", "extensions", "handshake_exc", "parser", "reader"}),
    methods={
        "data_to_send": "self", "fail": "self, code, reason", "parse": "self", "reject": "self, status, text",
        "send_close": "self, code, reason",
    },
    behaviours={"recv_frame": ("2a3cde0e4db1", "is called for each frame before it has an effect")},
)  # fmt: skip
LINES = Relied(
    StreamReader,
    "websockets",
    "webapp/transport/frames.py, LongLines",
    methods={"read_line": "self, m, too_long_exc_type"},
)
EVERYTHING = (WEBSOCKET, HTTP, CYCLE, FLOW, PARSER, FRAMES, LINES)


def parameters(method: Any) -> str:
    """Their names, in order."""
    return ", ".join(inspect.signature(method).parameters)


def digest(method: Any) -> str:
    """Of a method's text without comments and layout."""
    lines = (line.strip() for line in inspect.getsource(method).splitlines())
    text = "\n".join(line for line in lines if line and not line.startswith("#"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
