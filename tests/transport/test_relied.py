"""An upgrade of uvicorn, httptools or websockets that concerns the transport fails here, with a sentence each."""

import ast
import asyncio
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import httptools
import pytest
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.server import ServerProtocol
from websockets.streams import StreamReader

from tests.transport.relied import (
    CYCLE,
    EVERYTHING,
    FLOW,
    FRAMES,
    HTTP,
    LINES,
    PARSER,
    WEBSOCKET,
    Relied,
    digest,
    parameters,
)  # fmt: skip
from webapp.sockets.protocol import FrameProtocol
from webapp.sockets.waiting import Gate, Inbox
from webapp.transport.frames import BoundedFrames, LongLines
from webapp.transport.http import BoundedHttp


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


def instance(relied: Relied, loop: asyncio.AbstractEventLoop) -> Any:
    """One of the installed library's own, as its server makes it."""
    if relied.owner in (WebSocketsSansIOProtocol, HttpToolsProtocol):
        config = Config(lambda *_: None, log_level="error")
        config.load()
        return relied.owner(config, ServerState(), {}, loop)
    if relied.owner is RequestResponseCycle:
        names = inspect.signature(RequestResponseCycle).parameters
        return RequestResponseCycle(**dict.fromkeys(names, None))  # type: ignore[arg-type]
    made: dict[type, Callable[[], object]] = {
        FlowControl: lambda: FlowControl(asyncio.Transport()),
        httptools.HttpRequestParser: lambda: httptools.HttpRequestParser(object()),
        ServerProtocol: ServerProtocol,
        StreamReader: StreamReader,
    }
    return made[relied.owner]()


def changes(relied: Relied, loop: asyncio.AbstractEventLoop) -> list[str]:
    """A sentence for each name on which the installed version differs."""
    has = f"{relied.package} {version(relied.package)}: {relied.owner.__name__}"
    made = instance(relied, loop)
    found = [
        f"{has} has no attribute {name!r} any more, which {relied.used_in} uses."
        for name in sorted(relied.attributes)
        if not hasattr(made, name)
    ]
    for name in sorted({*relied.methods, *relied.behaviours}):
        method = getattr(relied.owner, name, None)
        if method is None:
            found.append(f"{has} has no method {name!r} any more, which {relied.used_in} calls or overrides.")
        elif name in relied.methods and parameters(method) != relied.methods[name]:
            now, before = parameters(method), relied.methods[name]
            found.append(f"{has}.{name} takes ({now}) instead of ({before}); {relied.used_in} uses it.")
        elif name in relied.behaviours and digest(method) != relied.behaviours[name][0]:
            found.append(
                f"{has}.{name} was rewritten; {relied.used_in} relies on this: it {relied.behaviours[name][1]}. "
                f"Read it, then put {digest(method)} into tests/transport/relied.py."
            )
    return found


@pytest.mark.parametrize("relied", EVERYTHING, ids=lambda relied: relied.owner.__name__)
def test_the_installed_version_is_the_one_that_our_code_was_read_against(
    relied: Relied, loop: asyncio.AbstractEventLoop
) -> None:
    assert changes(relied, loop) == []


# -- the table is whole

OURS = {FrameProtocol: WEBSOCKET, BoundedHttp: HTTP, BoundedFrames: FRAMES, LongLines: LINES}
HELD = {("conn", "self.conn"): FRAMES, ("cycle", "self.cycle"): CYCLE, ("flow", "self.flow"): FLOW,
        ("parser", "self.parser"): PARSER}  # fmt: skip
HANDSHAKE = {"request", "response", "scope"}
"""What uvicorn's protocol has from its `handle_connect` on; the digest of that method stands for them."""


def used(ours: type, holder: str = "self") -> set[str]:
    """The attributes of `holder` that a class of ours names, and the methods that it calls by `super()`."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(ours)))
    found = {node for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    holders = {holder, "super()"} if holder == "self" else {holder}
    return {node.attr for node in found if ast.unparse(node.value) in holders}


def own(ours: type, loop: asyncio.AbstractEventLoop) -> set[str]:
    """What a class of ours defines or sets, and the library's class does not have."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(ours)))
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    stored = {node.attr for node in attributes if isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self"}
    library = set(dir(instance(OURS[ours], loop)))
    return ({*vars(ours), *stored} - library) | set(ours.__annotations__)


@pytest.mark.parametrize("ours", OURS, ids=lambda ours: ours.__name__)
def test_every_name_that_is_not_ours_stands_in_the_table(ours: type, loop: asyncio.AbstractEventLoop) -> None:
    overridden = {name for name in vars(ours) if hasattr(OURS[ours].owner, name) and not name.startswith("__")}
    unknown = (used(ours) | overridden) - own(ours, loop) - OURS[ours].names - HANDSHAKE - set(vars(object))
    assert unknown == set()


@pytest.mark.parametrize(("name", "holder"), HELD)
def test_so_does_every_name_of_what_the_protocols_hold(name: str, holder: str, loop: asyncio.AbstractEventLoop) -> None:
    unknown = (used(FrameProtocol, holder) | used(BoundedHttp, holder)) - HELD[name, holder].names
    assert unknown - (own(BoundedFrames, loop) if name == "conn" else set()) == set()


def test_our_queue_and_gate_have_what_uvicorn_calls() -> None:
    source = inspect.getsource(WebSocketsSansIOProtocol)
    assert set(re.findall(r"self\.queue\.(\w+)", source)) == {"put_nowait", "get", "empty"} <= set(dir(Inbox))
    assert set(re.findall(r"self\.writable\.(\w+)", source)) == {"set", "clear", "wait"} <= set(dir(Gate))


# -- what an upgrade would look like


def test_a_renamed_attribute_is_told(monkeypatch: pytest.MonkeyPatch, loop: asyncio.AbstractEventLoop) -> None:
    made = WebSocketsSansIOProtocol.__init__

    def renamed(self: Any, *args: Any) -> None:
        made(self, *args)
        self.can_write = self.__dict__.pop("writable")

    monkeypatch.setattr(WebSocketsSansIOProtocol, "__init__", renamed)
    told = changes(WEBSOCKET, loop)
    assert any("has no attribute 'writable' any more, which webapp/sockets/protocol.py" in each for each in told)


def test_a_renamed_method_is_told(monkeypatch: pytest.MonkeyPatch, loop: asyncio.AbstractEventLoop) -> None:
    monkeypatch.delattr(HttpToolsProtocol, "handle_websocket_upgrade")
    assert [each for each in changes(HTTP, loop) if "no method 'handle_websocket_upgrade' any more" in each]


def test_another_parameter_is_told(monkeypatch: pytest.MonkeyPatch, loop: asyncio.AbstractEventLoop) -> None:
    monkeypatch.setattr(ServerProtocol, "fail", lambda self, code: None)
    told = changes(FRAMES, loop)
    assert len(told) == 1
    assert "ServerProtocol.fail takes (self, code) instead of (self, code, reason)" in told[0]


def test_a_rewritten_method_is_told(monkeypatch: pytest.MonkeyPatch, loop: asyncio.AbstractEventLoop) -> None:
    def shutdown(self: Any) -> None:
        self.transport.close()

    monkeypatch.setattr(WebSocketsSansIOProtocol, "shutdown", shutdown)
    told = changes(WEBSOCKET, loop)
    assert len(told) == 1
    assert "shutdown was rewritten" in told[0]
    assert "it sends 1012 and closes the transport" in told[0]
