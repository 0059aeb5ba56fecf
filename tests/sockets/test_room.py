"""The room's socket on a real server: who may open it, what it brings, and when it ends."""

import json
import re
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.pages import Log
from tests.people import HTMX, Live, Person, fresh_key, newcomer, set_up, sign_in
from tests.servers import Server


@pytest.fixture(scope="module")
def bea(ana: Person) -> Person:
    return newcomer(ana, "Bea")


@pytest.fixture
def room(ana: Person, bea: Person) -> int:
    return ana.make_room("Table", bea)


def opened(server: Server, room: int, person: Person | None, origin: str | None) -> Live:
    cookie = f"session={person.http.cookies['session']}" if person else ""
    connection = connect(
        f"{server.url.replace('http', 'ws')}/rooms/{room}/live",
        origin=origin,  # type: ignore[arg-type]
        additional_headers={"Cookie": cookie},
        compression=None,
        proxy=None,
        legacy=True,
    )
    return Live(connection, Log())


# -- who may open it


@pytest.mark.parametrize("origin", [None, "https://evil.example", "null", "OWN/", "OTHER SCHEME", "OTHER PORT"])
def test_a_foreign_origin_is_refused_before_anything_is_said(
    server: Server, ana: Person, room: int, origin: str | None
) -> None:
    variants = {
        "OWN/": server.url + "/", "OTHER SCHEME": server.url.replace("http", "https"), "OTHER PORT": server.url + "1",
    }  # fmt: skip
    with pytest.raises(InvalidStatus) as refused:
        opened(server, room, ana, variants.get(origin or "", origin))
    assert refused.value.response.status_code == 403


def test_without_a_session_it_opens_and_says_so(server: Server, ana: Person, room: int) -> None:
    live = opened(server, room, None, server.url)
    assert "signed out" in live.receive()
    assert live.ends() == 4401


def test_without_membership_it_tells_nothing(server: Server, ana: Person, room: int) -> None:
    carl = newcomer(ana, "Carl")
    square = ana.make_room("Square", visibility="open")
    ana.post(square, "not for guests")
    for where in (room, square, 999_999):
        live = opened(server, where, carl, server.url)
        assert "not open to you" in live.receive()
        assert live.ends() == 4403
        assert not [frame for frame in live.frames if "message-" in frame]


def test_no_cursor_within_five_seconds_closes_it(server: Server, ana: Person, room: int) -> None:
    assert opened(server, room, ana, server.url).ends() == 1008


# -- what it brings


def test_a_post_is_seen_by_all_in_the_room_and_nobody_else(ana: Person, bea: Person, room: int) -> None:
    other = ana.make_room("Other", bea)
    with ana.live(room) as at_ana, bea.live(room) as at_bea, bea.live(other) as elsewhere:
        message = ana.post(room, "hello")
        for live in (at_ana, at_bea):
            assert "hello" in live.sees("hello")
            assert live.log.ids == [message]
        ana.edit(message, "bonjour")
        at_bea.sees("bonjour")
        ana.delete(message)
        at_bea.catches_up(3)
        assert at_bea.log.ids == []
        bea.post(other, "the end")
        elsewhere.sees("the end")
        assert not [frame for frame in elsewhere.frames if "hello" in frame or "bonjour" in frame]


def test_page_and_fragment_are_the_same_bytes(ana: Person, room: int) -> None:
    with ana.live(room) as live:
        message = ana.post(room, "**same** <b>bytes</b> `x`")
        frame = live.sees("same")
    wanted = re.compile(rf'<li id="message-{message}" class.*?</li>', re.DOTALL)
    page = ana.http.get(f"/rooms/{room}").text
    found = [wanted.search(text)[0] for text in (frame, page)]  # type: ignore[index]
    with ana.live(room, since=0) as late:
        found.append(wanted.search(late.sees("same"))[0])  # type: ignore[index]
    assert found[0] == found[1] == found[2]


def test_who_was_away_gets_the_same_list(ana: Person, bea: Person, room: int) -> None:
    ids = [ana.post(room, f"before {number}") for number in range(10)]
    with bea.live(room) as stays:
        cursor = stays.log.cursor
        away = bea.page(room)
        ids += [ana.post(room, f"while away {number}") for number in range(180)]
        for message in ids[:5]:
            ana.edit(message, "edited")
        for message in (*ids[5:8], *ids[100:102]):
            ana.delete(message)
        stays.catches_up(cursor + 190)
    with bea.live(room, since=cursor) as back:
        back.log.messages.update(away.messages)
        back.catches_up(cursor + 190)
    truth = bea.history(room)
    assert back.log.messages == stays.log.messages == truth.messages
    assert list(back.log.messages) == list(stays.log.messages) == list(truth.messages)


def test_after_too_long_the_newest_page_takes_the_lists_place(ana: Person, bea: Person, room: int) -> None:
    ids = [ana.post(room, f"{number}") for number in range(260)]
    with bea.live(room, since=0) as back:
        back.catches_up(260)
        assert back.log.ids == ids[-50:]
        assert back.log.older
        ana.post(room, "and on")
        back.sees("and on")


def test_a_cursor_of_another_log_gets_the_newest_page(ana: Person, room: int) -> None:
    message = ana.post(room, "here")
    with ana.live(room, since=10**12) as live:
        live.sees("here")
        assert (live.log.ids, live.log.cursor) == ([message], 1)


def test_since_may_stand_in_the_url(server: Server, ana: Person, room: int) -> None:
    ana.post(room, "already there")
    headers = {"Cookie": f"session={ana.http.cookies['session']}"}
    url = f"{server.url.replace('http', 'ws')}/rooms/{room}/live?since=0"
    with connect(url, origin=server.url, additional_headers=headers, proxy=None) as connection:  # type: ignore[arg-type]
        Live(connection, Log()).sees("already there")


def test_posting_over_the_socket_is_the_same_verb(ana: Person, bea: Person, room: int) -> None:
    key = fresh_key()
    with ana.live(room) as live, bea.live(room) as other:
        live.say(type="messages.post", key=key, body="by socket")
        live.say(type="messages.post", key=key, body="by socket")
        other.sees("by socket")
        live.say(type="messages.post", key=fresh_key(), body=" ")
        live.sees("Nothing is written yet")
        live.say(type="messages.post", key=fresh_key(), body="z" * 8_001)
        live.sees("8,000")
    assert ana.page(room).texts == ["by socket"]


def test_frames_may_be_compressed_once_for_all(server: Server, ana: Person, room: int) -> None:
    text = "compressed " * 40
    headers = {"Cookie": f"session={ana.http.cookies['session']}"}
    url = f"{server.url.replace('http', 'ws')}/rooms/{room}/live?since=0"
    with connect(url, origin=server.url, additional_headers=headers, proxy=None) as packed, ana.live(room) as plain:  # type: ignore[arg-type]
        assert "permessage-deflate" in packed.response.headers["Sec-WebSocket-Extensions"]
        live = Live(packed, Log())
        live.sees('id="heartbeat"')
        for number in range(3):
            ana.post(room, f"{text}{number}")
            assert live.sees(f"{text}{number}").count("compressed") == plain.sees(f"{text}{number}").count("compressed")
        packed.send('{"type":"nothing"}')
        live.sees("not known here")


# -- bad frames

DEEP = "[" * 30_000


@pytest.mark.parametrize("frame", [
    "", "x", "[]", "null", "1", '"since"', "{}", '{"type":1}', '{"type":"rooms.destroy"}', '{"since":null}',
    '{"since":"-1"}', '{"since":1.5}', '{"since":true}', '{"since":"9999999999999999999999"}', '{"since":"²"}',
    '{"type":"messages.post"}', '{"type":"messages.post","key":1,"body":2}', DEEP, '{"a":' * 5_000,
    '{"type":"messages.post","key":"kkkkkkkkkkkk","body":"\\ud800"}',
    '{"type":"messages.post","key":"kkkkkkkkkkkk","body":"\\ud800\\uffff"}',
    '{"type":"messages.post","key":"kkkkkkkkkkkk\\ud800\\uffff","body":"x"}', '{"type":"\\uDFFF\\uffff"}',
    '{"since":"1\\udc00"}', '{"\\ud800":1,"since":"1"}', '{"type":"messages.post","key":{"a":["\\ud800"]},"body":"x"}',
    '{"type":"messages.post","key":"kkkkkkkkkkkk","body":"x","more":{"a":["\\udbff\\uffff"]}}',
])  # fmt: skip
def test_a_bad_frame_is_told_so_and_the_socket_lives(ana: Person, room: int, frame: str) -> None:
    with ana.live(room) as live:
        live.sees('id="heartbeat"')
        live.connection.send(frame)
        assert 'hx-target="#alert"' in live.sees("#alert")
        ana.post(room, "still here")
        live.sees("still here")


def test_escapes_that_make_whole_characters_are_text(ana: Person, room: int) -> None:
    with ana.live(room) as live:
        live.connection.send('{"type":"messages.post","key":"kkkkkkkkkkkk","body":"\\ud83d\\ude00 \\u00e9 \\uffff"}')
        live.sees("\U0001f600 é \uffff")


def test_a_frame_over_64_kib_closes_1009(ana: Person, room: int) -> None:
    with ana.live(room) as live:
        live.connection.send(json.dumps({"type": "messages.post", "body": "x" * 70_000}))
        assert live.ends() == 1009


def test_a_binary_frame_closes_1003(ana: Person, room: int) -> None:
    with ana.live(room) as live:
        live.connection.send(b"\x00\x01")
        assert live.ends() == 1003


def test_a_flood_of_commands_closes_it(ana: Person, room: int) -> None:
    with ana.live(room) as live:
        with suppress(ConnectionClosed):  # it may close before the last is sent
            for _ in range(60):
                live.connection.send('{"type":"nothing"}')
        assert live.ends() == 1008


# -- when it ends


def test_signing_out_ends_the_other_windows_of_the_session(server: Server, ana: Person) -> None:
    carl = newcomer(ana, "Carl")
    room = ana.make_room("Table", carl)
    again = sign_in(server.url, carl.username)
    with carl.live(room) as one, carl.live(room) as two, again.live(room) as other_device:
        carl.sign_out()
        assert (one.ends(), two.ends()) == (4401, 4401)
        ana.post(room, "after")
        other_device.sees("after")
        assert not [frame for frame in one.frames + two.frames if "after" in frame]
    answer = carl.http.get("/session", headers=HTMX)
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/login")


def test_a_removed_member_hears_nothing_more(server: Server, ana: Person) -> None:
    carl = newcomer(ana, "Carl")
    room = ana.make_room("Table", carl)
    with carl.live(room) as live, ana.live(room) as mine:
        ana.remove(room, carl)
        ana.post(room, "now that he is gone")
        mine.sees("now that he is gone")
        assert live.ends() == 4403
        assert not [frame for frame in live.frames if "now that" in frame]
    refused = opened(server, room, carl, server.url)
    assert refused.ends() == 4403
    answer = carl.http.get(f"/session?room={room}", headers=HTMX)
    assert (answer.status_code, answer.headers["hx-redirect"]) == (404, "/rooms")


def test_the_oldest_of_too_many_sockets_closes(server: Server) -> None:
    few = Server(server.folder / "few", MAX_SOCKETS_PER_PERSON="2").start()
    try:
        ana = set_up(few.url)
        with ana.live(1) as oldest, ana.live(1) as second, ana.live(1) as third:
            assert oldest.ends() == 1008
            ana.post(1, "to the others")
            second.sees("to the others")
            third.sees("to the others")
    finally:
        few.kill()


# -- who is here


def test_who_comes_and_goes_is_told_once(ana: Person, bea: Person, room: int) -> None:
    with ana.live(room) as live:
        live.sees(f'id="here-{ana.id}"')
        with bea.live(room) as first:
            first.sees(f'id="here-{bea.id}"')
            assert "Bea joined" in live.sees("Bea joined")
            with bea.live(room) as second:
                second.sees('id="heartbeat"')
        with bea.live(room) as back:  # within the grace
            back.sees('id="heartbeat"')
        live.sees("Bea left")
    told = "".join(live.frames)
    assert told.count("Bea joined") == 1
    assert told.count("Bea left") == 1


def test_the_roster_is_that_of_the_room(ana: Person, bea: Person, room: int) -> None:
    other = ana.make_room("Other", bea)
    with bea.live(other) as there, ana.live(room) as here:
        there.sees('id="here-')
        assert "Bea" not in here.sees('hx-target="#here"')
