"""A community to look around in: a dozen people, seven rooms, about 3,000 messages of the last six weeks.

What they say is in `dialogues/`: one file for each room, its conversations with the speakers as letters, gaps such as
{book} to be filled from `words.txt`, and {alternatives|of a phrase}. The same every time, but for the dates.
"""

import random
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from webapp import markup
from webapp.domain import accounts, community, invitations, memberships, messages, rooms
from webapp.domain.accounts import Actor, Newcomer
from webapp.domain.messages import Draft
from webapp.domain.transaction import Transaction
from webapp.services import passwords
from webapp.settings import SettingsError, load
from webapp.store.engine import migrate, open_engine

DIALOGUES = Path(__file__).resolve().parent / "dialogues"
NAME, TIME_ZONE = "The Corner Table", "Europe/Madrid"
PASSWORD = "a table by the window"
PEOPLE = (
    "Ana Lima",
    "Bruno Salgado",
    "Chioma Okafor",
    "Daniel Weiss",
    "Elif Demir",
    "Farid Haddad",
    "Greta Lindqvist",
    "Hugo Marín",
    "Inés Caballero",
    "Jun Watanabe",
    "Kasia Nowak",
    "Leo Fontaine",
)
# Who is in each room, by place in PEOPLE; the first one makes it. Ana, the admin, leaves one for you to join.
MEMBERS = (range(12), (8, 0, 1, 2, 4, 6, 9, 10, 11), (5, 0, 1, 3, 4, 6, 7, 10, 11), (3, 0, 2, 5, 7, 9, 11),
           (4, 1, 2, 8, 9, 10, 11), (10, 0, 1, 5, 6, 7, 8), (0, 1, 6, 8))  # fmt: skip
DAYS, CHUNK = 44, 1_000
SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Script:
    """A room's file: how the room is called, how many messages it gets, and its dialogues."""

    name: str
    topic: str
    visibility: str
    share: int
    dialogues: list[list[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Said:
    """One message to be: who says what when (microseconds since 1970), and what becomes of it."""

    at: int
    room: int
    author: int
    body: str
    fate: str = ""


class Words:
    """Fills the gaps of a dialogue: a gap has the same filling throughout it."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        lines = (line.partition(": ") for line in (DIALOGUES / "words.txt").read_text().splitlines())
        self.choices = {name: values.split(" | ") for name, _, values in lines}

    def fillings(self, cast: dict[str, str]) -> dict[str, str]:
        chosen = {name: self.dice.choice(values) for name, values in self.choices.items()}
        chosen["book"], chosen["book2"] = self.dice.sample(self.choices["book"], 2)
        return chosen | cast

    def fill(self, text: str, fillings: dict[str, str]) -> str:
        text = re.sub(r"\{(\w+)\}", lambda gap: fillings.get(gap[1], gap[0]), text)
        return re.sub(r"\{([^{}]*\|[^{}]*)\}", lambda group: self.dice.choice(group[1].split("|")), text)


def read_script(path: Path) -> Script:
    head, *parts = path.read_text().split("\n---\n")
    facts = dict(line.split(": ", 1) for line in head.splitlines())
    return Script(
        facts["name"],
        facts["topic"],
        facts.get("visibility", "open"),
        int(facts["share"]),
        [list(read_lines(part)) for part in parts],
    )


def read_lines(dialogue: str) -> Iterator[tuple[str, str]]:
    """(speaker's letter, text) of `A: text`; lines that begin with four spaces go on with it."""
    for line in re.split(r"\n(?=[A-E]: )", dialogue.strip("\n")):
        speaker, _, text = line.partition(": ")
        yield speaker, text.replace("\n    ", "\n")


class Stage:
    """Turns the scripts into what was said, room by room."""

    def __init__(self, dice: random.Random, now: datetime) -> None:
        self.dice = dice
        self.now = now
        self.words = Words(dice)
        self.replies = (DIALOGUES / "replies.txt").read_text().splitlines()

    def play(self, room: int, script: Script) -> list[Said]:
        """The room's messages in their order, none later than now."""
        said: list[Said] = []
        for starts in self.evenings(len(script.dialogues), script.share):
            deck = script.dialogues[:]
            self.dice.shuffle(deck)
            for start, dialogue in zip(starts, deck, strict=False):
                earliest = said[-1].at + 240 * SECOND if said else 0
                said.extend(self.perform(room, dialogue, max(start, earliest)))
        return [each for each in said if each.at < microseconds(self.now)]

    def evenings(self, dialogues: int, share: int) -> Iterator[list[int]]:
        """When dialogues begin, in runs as long as the deck, so that each is played once before any comes again."""
        wanted = round(share / 5.9)
        days = [self.now - timedelta(days=back) for back in range(DAYS)]
        weights = [self.dice.uniform(0.5, 1.5) for _ in days]
        starts = sorted(self.moment(day) for day in self.dice.choices(days, weights, k=wanted))
        for first in range(0, wanted, dialogues):
            yield starts[first : first + dialogues]

    def moment(self, day: datetime) -> int:
        minute = round(self.dice.triangular(8.5 * 60, 22.75 * 60, 18 * 60))
        return microseconds(datetime.combine(day, time(minute // 60, minute % 60), day.tzinfo))

    def perform(self, room: int, dialogue: list[tuple[str, str]], at: int) -> Iterator[Said]:
        letters = sorted({speaker for speaker, _ in dialogue} | {"A", "B", "C", "D"})
        people = self.dice.sample(list(MEMBERS[room]), min(len(letters), len(MEMBERS[room])))
        authors = dict(zip(letters, people, strict=False))
        fillings = self.words.fillings({letter: PEOPLE[who].split()[0] for letter, who in authors.items()})
        before = ""
        for speaker, line in [*dialogue, *self.aside(dialogue[-1][0])]:
            for text in self.breaths(self.words.fill(line, fillings)):
                at += self.pause(speaker == before) * SECOND
                before = speaker
                yield Said(at, room, authors[speaker], text, self.fate())

    def aside(self, last: str) -> list[tuple[str, str]]:
        """Now and then somebody has something to add."""
        if self.dice.random() > 0.4:
            return []
        return [(self.dice.choice([letter for letter in "BCD" if letter != last]), self.dice.choice(self.replies))]

    def breaths(self, text: str) -> list[str]:
        """Some people send each sentence by itself."""
        parts = re.split(r"(?<=[.!?]) (?=[A-Z])", text)
        whole = "\n" in text or any(part.count(mark) % 2 for part in parts for mark in "*`")
        return [text] if whole or self.dice.random() > 0.4 else parts

    def fate(self) -> str:
        return self.dice.choices(("", "edited", "deleted"), (0.965, 0.025, 0.01))[0]

    def pause(self, goes_on: bool) -> int:
        """Seconds until the next line."""
        if goes_on:
            return self.dice.randint(8, 50)
        return self.dice.randint(600, 2400) if self.dice.random() < 0.06 else self.dice.randint(20, 200)


def microseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * SECOND


def found(tx: Transaction, scripts: Sequence[Script]) -> tuple[list[Actor], list[int]]:
    """The people and the ids of their rooms. The admin comes first, the others by invitation."""
    tx.now -= (DAYS + 1) * 86_400 * SECOND
    admin_id = accounts.set_up(tx, NAME, TIME_ZONE, newcomer(PEOPLE[0]))
    people = [actor(admin_id, PEOPLE[0], "admin")]
    invitation = invitations.make(tx, people[0], len(PEOPLE) + 3, 90)
    for name in PEOPLE[1:]:
        people.append(actor(accounts.sign_up(tx, invitation, newcomer(name)), name, "member"))
    return people, [open_room(tx, people, script, MEMBERS[place]) for place, script in enumerate(scripts)]


def open_room(tx: Transaction, people: list[Actor], script: Script, members: Sequence[int]) -> int:
    owner = people[members[0]]
    room_id = rooms.create(tx, owner.id, script.name, script.topic, script.visibility)
    for place in members[1:]:
        memberships.add(tx, owner, room_id, people[place].username, "member")
    return room_id


def newcomer(name: str) -> Newcomer:
    return Newcomer(username(name), name, passwords.hasher().hash(PASSWORD))


def username(name: str) -> str:
    return name.split()[0].lower().replace("é", "e")


def actor(user_id: int, name: str, role: str) -> Actor:
    return Actor(user_id, username(name), name, role, session="", until=0, stale=False)


def say(tx: Transaction, people: list[Actor], room_ids: list[int], said: Said) -> None:
    """Post it; what will be deleted is a slip before it, and what will be edited lacks its end at first."""
    author, room_id = people[said.author], room_ids[said.room]
    tx.now = said.at
    if said.fate == "deleted":
        messages.remove(tx, author, post(tx, author, room_id, "Wrong window, sorry"))
    message_id = post(tx, author, room_id, said.body.rstrip(".!?") if said.fate == "edited" else said.body)
    if said.fate == "edited":
        tx.now += 15 * SECOND
        messages.change(tx, author, message_id, said.body, markup.render(said.body))


def post(tx: Transaction, author: Actor, room_id: int, body: str) -> int:
    draft = Draft(f"populate-{tx.now}-{len(tx.events)}", body, markup.render(body))
    return messages.post(tx, author, room_id, draft, TIME_ZONE).id


def populate(engine: Engine, dice: random.Random) -> int:
    """How many messages it made."""
    scripts = [read_script(path) for path in sorted(DIALOGUES.glob("[0-9]*.txt"))]
    stage = Stage(dice, datetime.now(ZoneInfo(TIME_ZONE)))
    said = sorted(
        (each for room, script in enumerate(scripts) for each in stage.play(room, script)), key=lambda each: each.at
    )
    with engine.begin() as connection:
        people, room_ids = found(Transaction(connection), scripts)
    for first in range(0, len(said), CHUNK):
        with engine.begin() as connection:
            tx = Transaction(connection)
            for each in said[first : first + CHUNK]:
                say(tx, people, room_ids, each)
    return len(said)


def main() -> None:
    try:
        url = load().database_url
    except SettingsError as error:
        sys.exit(str(error))
    migrate(url)
    engine = open_engine(url, write=True)
    with engine.begin() as connection:
        here = community.current(Transaction(connection))
    if here is not None:
        sys.exit(f"This database holds {here.name} already: populate fills only a fresh one (DATA_DIR names another).")
    number = populate(engine, random.Random(1926))
    engine.dispose()
    print(f"{NAME}: {len(PEOPLE)} people, {len(MEMBERS)} rooms, {number:,} messages.")
    print(f"Sign in as {', '.join(username(name) for name in PEOPLE)} ({username(PEOPLE[0])} is the admin).")
    print(f"The password of each is: {PASSWORD}")


if __name__ == "__main__":
    main()
