"""`method_name` and `open_channel_layer`: no server, no loop."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.channel_layer import MemoryChannelLayer, RedisChannelLayer, method_name, open_channel_layer


@pytest.mark.parametrize(
    ("event_type", "method"),
    [("messages.changed", "messages_changed"), ("typing", "typing"), ("a.b_c.D2", "a_b_c_D2")],
)
def test_a_type_names_a_method(event_type: str, method: str) -> None:
    assert method_name(event_type) == method


@pytest.mark.parametrize(
    "event_type",
    ["", "_private", ".private", "__init__", "a._b", "a..b", "a.", "a-b", "a b", "7a", "a.ä", "a\n", None, 7],
    ids=repr,
)
def test_a_type_that_names_no_public_method_is_refused(event_type: str) -> None:
    with pytest.raises(ValueError, match="event type"):
        method_name(event_type)


@given(st.text())
def test_whatever_the_type_the_method_is_a_public_name(event_type: str) -> None:
    try:
        method = method_name(event_type)
    except ValueError:
        return
    assert method.isidentifier()
    assert not method.startswith("_")


def test_the_url_names_the_back_end() -> None:
    memory = open_channel_layer("memory://", capacity=7, expiry=8)
    assert isinstance(memory, MemoryChannelLayer)
    assert (memory.capacity, memory.expiry, memory.connected, memory.problem) == (7, 8, True, None)


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost",
        "redis://:pw@nowhere.invalid:1/2",
        "rediss://u:p@h/?ssl_cert_reqs=none",
        "unix:///no/socket?db=3",
    ],
)
def test_an_absent_redis_raises_nothing_yet(url: str) -> None:
    layer = open_channel_layer(url)
    assert isinstance(layer, RedisChannelLayer)
    assert (layer.connected, layer.problem) == (False, None)


@pytest.mark.parametrize(
    "url",
    ["", "memory", "http://host", "redis://h?no_such_option=1", "redis://h?db=x", "rediss://h?ssl_cert_reqs=maybe"],
)
def test_a_url_that_means_nothing_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        open_channel_layer(url)


def test_the_refusal_of_a_url_does_not_quote_its_password() -> None:
    with pytest.raises(ValueError, match="percent-encoded") as refusal:
        open_channel_layer("redis://:sesame/x@host/0")
    assert "sesame" not in str(refusal.value)
    assert refusal.value.__suppress_context__


@pytest.mark.parametrize(("capacity", "expiry"), [(0, 60), (-1, 60), (100, 0), (100, -1)])
def test_a_channel_that_could_hold_nothing_is_refused(capacity: int, expiry: float) -> None:
    with pytest.raises(ValueError, match="at least one message"):
        open_channel_layer("memory://", capacity, expiry)
