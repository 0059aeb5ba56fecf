"""People who write, and do not give up: each message has one key, and is sent with it until a server takes it."""

import asyncio
import itertools
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from tests.faults.cluster import Doors
from tests.people import HTMX, Person, fresh_key

NUMBERS = itertools.count(1)
ANSWER, PATIENCE = 5.0, 60.0
"""Seconds for one answer, and until a writer gives up."""
OFFLINE = "no connection"


@dataclass(slots=True)
class Post:
    """One draft: what was tried, and what came of it. `texts`: what its message may say at the end."""

    author: Person
    room: int
    key: str
    text: str
    answers: list[int | str] = field(default_factory=list)
    acknowledged_at: float | None = None
    id: int | None = None
    texts: set[str] = field(default_factory=set)
    deleted: bool | None = False
    """None: it was asked for, and nobody knows."""


class Ledger:
    """All that was ever sent."""

    def __init__(self) -> None:
        self.posts: list[Post] = []

    @property
    def acknowledged(self) -> list[Post]:
        return [post for post in self.posts if post.acknowledged_at is not None]

    @property
    def abandoned(self) -> list[Post]:
        return [post for post in self.posts if post.acknowledged_at is None]


class Poster:
    """One person's browser as it sends: with its cookies, by any door."""

    def __init__(self, doors: Doors, person: Person, ledger: Ledger, patience: float = PATIENCE) -> None:
        self.doors = doors
        self.person = person
        self.ledger = ledger
        self.patience = patience
        self.http = httpx.AsyncClient(
            cookies={"session": person.http.cookies["session"]},
            headers=HTMX,
            timeout=ANSWER,
            limits=httpx.Limits(max_connections=None),
            trust_env=False,
            verify=False,
        )

    async def close(self) -> None:
        await self.http.aclose()

    async def post(self, room: int, text: str = "") -> Post:
        """Sent until it is acknowledged or nobody has patience any more."""
        text = text or f"message {next(NUMBERS)}"
        post = Post(self.person, room, fresh_key(), text, texts={text})
        self.ledger.posts.append(post)
        form = {"key": post.key, "body": post.text}
        answer = await self._insist(f"/rooms/{room}/messages", form, (201,), post.answers)
        if answer is not None:
            post.acknowledged_at = time.monotonic()
            location = answer.headers.get("Location")
            post.id = int(location.rpartition("/")[2]) if location else None
        return post

    async def post_outbox(self, room: int, count: int, more: str = "") -> None:
        """So many drafts in one request, as an outbox sends that was offline for long. The newest comes first there."""
        texts = [f"message {next(NUMBERS)}{more}" for _ in range(count)]
        posts = [Post(self.person, room, fresh_key(), text, texts={text}) for text in texts]
        self.ledger.posts += posts
        form = {"key": [post.key for post in posts[::-1]], "body": [post.text for post in posts[::-1]]}
        if await self._insist(f"/rooms/{room}/messages", form, (201,), []) is not None:
            for post in posts:
                post.acknowledged_at = time.monotonic()

    async def edit(self, post: Post, text: str) -> None:
        assert post.id is not None
        post.texts.add(text)
        answer = await self._insist(f"/messages/{post.id}/edit", {"body": text}, (200,), [])
        if answer is not None:
            post.texts = {text}

    async def delete(self, post: Post) -> None:
        """404 means that an earlier try, whose answer was lost, did it."""
        assert post.id is not None
        post.deleted = None
        answer = await self._insist(f"/messages/{post.id}/delete", {}, (200, 404), [])
        if answer is not None:
            post.deleted = True

    async def _insist(
        self, path: str, form: Mapping[str, str | list[str]], wanted: tuple[int, ...], answers: list[int | str]
    ) -> httpx.Response | None:
        deadline = time.monotonic() + self.patience
        while time.monotonic() < deadline:
            answer = await self._send(path, form)
            answers.append(answer.status_code if answer is not None else OFFLINE)
            if answer is not None and answer.status_code in wanted:
                return answer
            if answer is not None and answer.status_code < 500:
                raise AssertionError(f"{path}: {answer.status_code}: {answer.text[:500]}")
            await asyncio.sleep(random.uniform(0.1, 0.5))
        return None

    async def _send(self, path: str, form: Mapping[str, str | list[str]]) -> httpx.Response | None:
        """By the first door that opens. None when the answer was lost, or there was no door."""
        for url in self.doors.doors():
            try:
                return await self.http.post(url + path, data=form)
            except httpx.ConnectError:
                continue
            except httpx.TransportError:
                return None
        return None
