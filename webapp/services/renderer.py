"""Renders bodies that may be slow in another process, one at a time. When that fails, a body stands as it was typed.

People take turns, and each has a credit of CPU seconds that grows again: without credit their messages stand as they
were typed. The process is started when it is first needed, and again when it has died.
"""

import asyncio
import logging
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from webapp import markup
from webapp.markup.process import Broken, RenderingProcess

log = logging.getLogger("tertulia.renderer")

PATIENCE_SECONDS = 5.0
REST_SECONDS = 5.0
"""Between two attempts to start a process that cannot be started."""
OVERRUN_SECONDS = 7.0
"""CPU seconds charged for a body that killed the process: its author has no credit for a minute."""
MOST_WAITING = 100
MOST_WAITING_OF_ONE = 4


@dataclass(slots=True)
class Job:
    """A body that waits, and the future that gets its HTML."""

    body: str
    person: int
    html: "asyncio.Future[str]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Credit:
    """Seconds of CPU that each person may still use: at most `most`, growing by `rate` a second."""

    def __init__(self, most: float, rate: float, clock: Callable[[], float], remembered: int = 10_000) -> None:
        self.most = most
        self.rate = rate
        self.clock = clock
        self.remembered = remembered
        self.spent: OrderedDict[int, tuple[float, float]] = OrderedDict()

    def of(self, person: int) -> float:
        """Seconds that are left."""
        spent, since = self.spent.get(person, (0.0, 0.0))
        return self.most - max(0.0, spent - self.rate * (self.clock() - since))

    def spend(self, person: int, seconds: float) -> None:
        self.spent[person] = self.most - self.of(person) + seconds, self.clock()
        self.spent.move_to_end(person)
        if len(self.spent) > self.remembered:
            self.spent.popitem(last=False)


class Renderer:
    """Needs a running event loop. `render` never fails, and answers within PATIENCE_SECONDS."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.credit = Credit(1.0, 0.1, clock)
        self.turns: OrderedDict[int, deque[Job]] = OrderedDict()
        self.waiting = 0
        self.wanted = asyncio.Event()
        self.process = RenderingProcess()
        self.rests_until = 0.0
        self.task = asyncio.create_task(self._run(), name="renderer")

    async def render(self, body: str, person: int) -> str:
        """Safe HTML: a light body is rendered at once, another in its turn, or left as it was typed."""
        if markup.light(body):
            return markup.render(body)
        if self.credit.of(person) <= 0 or not self._may_wait(person):
            return markup.as_typed(body)
        job = Job(body, person)
        self.turns.setdefault(person, deque()).append(job)
        self.waiting += 1
        self.wanted.set()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await job.html
        except TimeoutError:
            return markup.as_typed(body)

    async def close(self) -> None:
        """End the process; bodies that still wait stand as they were typed."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        while (job := self._next()) is not None:
            answer(job, markup.as_typed(job.body))
        await self.process.end()

    def _may_wait(self, person: int) -> bool:
        own = len(self.turns.get(person, ()))
        return not self.task.done() and own < MOST_WAITING_OF_ONE and self.waiting < MOST_WAITING

    async def _run(self) -> None:
        while True:
            job = self._next()
            if job is None:
                self.wanted.clear()
                await self.wanted.wait()
            elif not job.html.done():
                answer(job, await self._rendered(job))

    def _next(self) -> Job | None:
        """The oldest job of whoever has waited longest for a turn."""
        if not self.turns:
            return None
        person, jobs = self.turns.popitem(last=False)
        job = jobs.popleft()
        self.waiting -= 1
        if jobs:
            self.turns[person] = jobs
        return job

    async def _rendered(self, job: Job) -> str:
        """The body's HTML. A process that died of another cause than this body is replaced once, and asked again."""
        for _ in range(2):
            if not await self._started():
                return markup.as_typed(job.body)
            try:
                html, seconds = await self.process.ask(job.body)
            except Broken as broken:
                log.warning("the rendering process %s, at a message of %d characters", broken, len(job.body))
                self.process = RenderingProcess(self.process.command)
                if broken.overran:
                    break
            else:
                self.credit.spend(job.person, seconds)
                return html
        self.credit.spend(job.person, OVERRUN_SECONDS)
        return markup.as_typed(job.body)

    async def _started(self) -> bool:
        if self.process.pid is not None:
            return True
        if self.clock() < self.rests_until:
            return False
        try:
            await self.process.start()
        except Broken as broken:
            log.error("the rendering process %s: messages with code stand as they were typed", broken)
            self.process, self.rests_until = RenderingProcess(self.process.command), self.clock() + REST_SECONDS
            return False
        return True


def answer(job: Job, html: str) -> None:
    if not job.html.done():
        job.html.set_result(html)
