"""Reacting by plain forms and by htmx, the picker, and the panel of a message."""

import html
import re

import httpx
import pytest

from tests.people import HTMX, Person, newcomer
from tests.servers import Server

UP = "👍"


@pytest.fixture(scope="module")
def bea(ana: Person) -> Person:
    return newcomer(ana, "Bea")


@pytest.fixture(scope="module")
def room(ana: Person, bea: Person) -> int:
    return ana.make_room("Table", bea)


def react(person: Person, message: int, emoji: str = UP, **more: str) -> httpx.Response:
    return person.http.post(f"/messages/{message}/reactions", data={"emoji": emoji, **more})


def row(text: str, message: int) -> str:
    """The reactions of the message as this page or fragment shows them."""
    found = re.search(rf'<form class="reactions" method="post" action="/messages/{message}/.*?</form>', text, re.DOTALL)
    return found[0] if found else ""


def test_a_click_without_htmx_leads_back_to_the_message(ana: Person, bea: Person, room: int) -> None:
    message = ana.post(room, "hello")
    answer = react(bea, message)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/rooms/{room}?around={message}#message-{message}",
    )
    page = ana.http.get(f"/rooms/{room}").text
    assert f'data-by="{bea.id}"' in row(page, message)
    assert "thumbs up: " in row(page, message) and ">Bea</span>" in row(page, message)
    react(ana, message)
    react(bea, message)
    page = ana.http.get(f"/rooms/{room}").text
    assert f'data-by="{ana.id}"' in row(page, message)


def test_page_permalink_history_and_replay_have_the_same_bytes(ana: Person, bea: Person, room: int) -> None:
    message = ana.post(room, "hello")
    since = ana.page(room).cursor
    for person, emoji in ((bea, UP), (ana, UP), (bea, "❤️"), (ana, "🎉"), (ana, "🎉")):
        react(person, message, emoji)
    shown = row(ana.http.get(f"/rooms/{room}").text, message)
    assert "2" in shown and shown.count("<button") == 2 and shown.isascii()
    last = ana.post(room, "later")
    for path in (f"/rooms/{room}?around={message}", f"/messages/{message}"):
        assert row(bea.http.get(path).text, message) == shown, path
    assert row(bea.http.get(f"/rooms/{room}/messages?before={last}", headers=HTMX).text, message) == shown
    with bea.live(room, since=since) as live:
        live.catches_up(since + 6)
        assert [row(frame, message) for frame in live.frames if row(frame, message)] == [shown]


def test_htmx_is_answered_by_the_socket_alone(ana: Person, room: int) -> None:
    message = ana.post(room, "hello")
    clicked = {"emoji": UP, "revision": str(ana.page(room).messages[message].revision)}
    answers = [ana.http.post(f"/messages/{message}/reactions", data=clicked, headers=HTMX) for _ in range(2)]
    assert [(each.status_code, each.text) for each in answers] == [(204, ""), (204, "")]
    assert row(ana.http.get(f"/rooms/{room}").text, message).count("<button") == 1, "a double click is one"
    gone = ana.http.post(f"/messages/{message}/reactions", data={"emoji": UP}, headers=HTMX)
    assert gone.status_code == 200 and f'hx-target="#m{message}"' in gone.text and "autofocus" in gone.text
    panel = ana.http.post(f"/messages/{message}/reactions", data={"emoji": UP, "panel": "1"}, headers=HTMX)
    assert '.actions-panel" hx-swap="delete"' in panel.text


def test_what_is_refused(ana: Person, bea: Person, room: int) -> None:
    message = ana.post(room, "hello")
    eve = newcomer(ana, "Eve")
    assert react(eve, message).status_code == 404
    assert eve.http.get(f"/messages/{message}/emoji").status_code == 404
    assert react(bea, message, "x").status_code == 422
    assert react(bea, message, UP, revision="x").status_code == 422
    assert react(bea, message, UP, **{"as": str(ana.id)}).status_code != 303
    refused = bea.http.post(f"/messages/{message}/reactions", data={"emoji": "x"}, headers=HTMX)
    assert refused.status_code == 422 and 'hx-target="#alert"' in refused.text
    ana.delete(message)
    assert react(bea, message).status_code == 404
    assert bea.http.get(f"/messages/{message}/emoji").status_code == 404


def test_strangers_are_sent_to_the_door(server: Server) -> None:
    for answer in (
        httpx.post(
            f"{server.url}/messages/1/reactions", data={"emoji": UP}, headers={"Origin": server.url}, trust_env=False
        ),
        httpx.get(f"{server.url}/messages/1/emoji", trust_env=False),
    ):
        assert answer.status_code == 303 and answer.headers["location"].startswith("/login")


def emoji_in(text: str) -> list[str]:
    return [html.unescape(each) for each in re.findall(r'name="emoji" value="([^"]+)" aria-label', text)]


def test_the_picker_finds_by_name(ana: Person, room: int) -> None:
    path = f"/messages/{ana.post(room, 'hello')}/emoji"
    assert emoji_in(ana.http.get(f"{path}?q=penguin", headers=HTMX).text) == ["🐧"]
    assert emoji_in(ana.http.get(f"{path}?q=PENG", headers=HTMX).text) == ["🐧"]
    assert emoji_in(ana.http.get(f"{path}?q=red+heart", headers=HTMX).text)[0] == "❤️"
    assert emoji_in(ana.http.get(f"{path}?q=%2B1", headers=HTMX).text) == [UP]
    assert emoji_in(ana.http.get(f"{path}?q=yes", headers=HTMX).text).count(UP) == 1, "by other words, too"
    nothing = ana.http.get(f"{path}?q=%3Cscript%3E%00" + "x" * 5_000, headers=HTMX)
    assert nothing.status_code == 200 and "No emoji has this name" in nothing.text
    found = ana.http.get(f"{path}?q=a", headers=HTMX).text
    assert len(emoji_in(found)) <= 120 and found.startswith('<div id="emoji-found">')
    assert len(emoji_in(ana.http.get(f"{path}?group=flags", headers=HTMX).text)) > 200


def test_the_picker_is_a_page_and_offers_first_what_was_used_last(ana: Person, room: int) -> None:
    message = ana.post(room, "hello")
    react(ana, message, "🐧")
    page = ana.http.get(f"/messages/{message}/emoji")
    assert "<h1>React to a message</h1>" in page.text and emoji_in(page.text)[0] == "🐧"
    assert '<form class="find-emoji" role="search" action=' in page.text
    part = ana.http.get(f"/messages/{message}/emoji", headers=HTMX).text
    assert part.startswith("<details") and "<html" not in part
    assert emoji_in(ana.http.get(f"/messages/{message}", headers=HTMX).text)[0] == "🐧", "the panel as well"
    whole = ana.http.get(f"/messages/{message}/emoji?q=penguin")
    assert "<html" in whole.text and emoji_in(whole.text) == ["🐧"] and 'value="penguin"' in whole.text


def test_the_panel_names_everybody_who_reacted(ana: Person, bea: Person, room: int) -> None:
    message = ana.post(room, "hello")
    for person in (bea, ana):
        react(person, message, "🐧")
    panel = ana.http.get(f"/messages/{message}", headers=HTMX).text
    who = re.search(r'<dl class="reacted">.*?</dl>', panel, re.DOTALL)
    assert who and re.findall(r'class="name">([^<]+)<', who[0]) == ["Bea", "Ana"] and "penguin" in who[0]


def test_a_new_name_stands_beside_the_reactions(ana: Person, room: int) -> None:
    cid = newcomer(ana, "Cid Before")
    ana.let_in(room, cid)
    message = ana.post(room, "hello")
    react(cid, message)
    assert "Cid Before" in row(ana.http.get(f"/rooms/{room}").text, message)
    cid.http.post("/me", data={"display_name": "Cid After"})
    shown = row(ana.http.get(f"/rooms/{room}").text, message)
    assert "Cid After" in shown and "Before" not in shown


def test_ones_own_are_marked_by_ones_own_style_sheet(ana: Person, bea: Person) -> None:
    assert f'.reaction[data-by~="{ana.id}"]' in ana.http.get("/me.css").text
    assert f'data-by~="{ana.id}"' not in bea.http.get("/me.css").text


def test_the_panel_has_the_whole_link_to_copy(server: Server, ana: Person, room: int) -> None:
    message = ana.post(room, "hello")
    link = f"{server.url}/rooms/{room}?around={message}#message-{message}"
    for headers in ({}, HTMX):
        panel = ana.http.get(f"/messages/{message}", headers=headers).text
        assert (
            f'<input readonly aria-label="Link to this message" aria-describedby="link-hint" value="{link}">' in panel
        )
    assert "hello" in ana.http.get(link).text
