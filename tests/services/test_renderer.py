"""The rendering process: fair, bounded, and never the reason that a post fails. Real processes, killed for real."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from webapp import markup
from webapp.markup.process import RenderingProcess
from webapp.services import renderer as module
from webapp.services.renderer import Credit, Renderer

pytestmark = pytest.mark.anyio

ANA, BEA = 1, 2
CODE = "```py\nx = 1\n```"
COLOURED = '<span class="n">x</span>'
HEAVY = "*a*" * 2_600
"""Takes the parser some 50 ms: far more than the allowance of IMPATIENT."""
IMPATIENT = (
    sys.executable, "-c",
    "from webapp.markup import protocol; protocol.CPU_SECONDS = 0.002; from webapp.markup import worker; worker.main()",
)  # fmt: skip


@pytest.fixture
async def renderer() -> AsyncIterator[Renderer]:
    made = Renderer()
    yield made
    await made.close()
    assert made.process.pid is None or not runs(made.process.pid)


def runs(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def pid_of(renderer: Renderer) -> int:
    assert COLOURED in await renderer.render(CODE, ANA)
    assert renderer.process.pid is not None
    return renderer.process.pid


async def test_what_is_light_starts_no_process(renderer: Renderer) -> None:
    assert await renderer.render("**b** https://example.org", ANA) == markup.render("**b** https://example.org")
    assert renderer.process.pid is None


async def test_the_process_renders_as_we_do(renderer: Renderer) -> None:
    for body in (CODE, "é **b**\n" * 100, "x" * 5_000 + " <b>"):
        assert await renderer.render(body, ANA) == markup.render(body)


@pytest.mark.parametrize("paused", [False, True])
async def test_a_killed_process_is_replaced(renderer: Renderer, paused: bool) -> None:
    """Idle, and in the middle of a message."""
    pid = await pid_of(renderer)
    if paused:
        os.kill(pid, signal.SIGSTOP)
    rendering = asyncio.create_task(renderer.render(CODE, ANA))
    if paused:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    os.kill(pid, signal.SIGKILL)
    assert COLOURED in await rendering
    assert await pid_of(renderer) != pid


async def test_a_process_that_stands_still_is_replaced_and_its_message_stands_as_typed(renderer: Renderer) -> None:
    os.kill(await pid_of(renderer), signal.SIGSTOP)
    assert await renderer.render(CODE, ANA) == markup.as_typed(CODE)
    assert await renderer.render(CODE, ANA) == markup.as_typed(CODE), "its author has no credit for a while"
    assert COLOURED in await renderer.render(CODE, BEA)


async def test_a_message_that_overruns_its_cpu_stands_as_typed(renderer: Renderer) -> None:
    renderer.process = RenderingProcess(IMPATIENT)
    assert await renderer.render(HEAVY, ANA) == markup.as_typed(HEAVY)
    assert await renderer.render("x " * 2_000, ANA) == markup.as_typed("x " * 2_000), "no credit"
    assert (await renderer.render("x" * 2_001, BEA)).startswith("<p>x"), "a fresh process serves the others"


@pytest.mark.parametrize(
    "command", [("/no/such/program",), (sys.executable, "-c", ""), (sys.executable, "-c", "print('hello')")]
)
async def test_a_process_that_cannot_be_started(renderer: Renderer, command: tuple[str, ...]) -> None:
    renderer.process = RenderingProcess(command)
    assert await renderer.render(CODE, ANA) == markup.as_typed(CODE)
    assert await renderer.render(CODE, BEA) == markup.as_typed(CODE), "not tried again at once"
    renderer.rests_until, renderer.process = 0.0, RenderingProcess()
    assert COLOURED in await renderer.render(CODE, ANA)


async def test_people_take_turns_and_wait_in_a_bounded_queue(renderer: Renderer) -> None:
    pid = await pid_of(renderer)
    os.kill(pid, signal.SIGSTOP)
    order: list[str] = []

    async def post(name: str, person: int) -> str:
        html = await renderer.render(f"{CODE}\n{name}", person)
        order.append(name)
        return html

    hers = [asyncio.create_task(post(f"ana {number}", ANA)) for number in range(8)]
    await asyncio.sleep(0)
    his = asyncio.create_task(post("bea", BEA))
    await asyncio.sleep(0)
    os.kill(pid, signal.SIGCONT)
    typed = [html.startswith('<p class="typed">') for html in await asyncio.gather(*hers)]
    assert COLOURED in await his
    assert typed.count(False) <= module.MOST_WAITING_OF_ONE + 1
    assert any(typed), "what is too much for one person stands as typed"
    waited = [name for name in order if name == "bea" or not typed[int(name.split()[1])]]
    assert waited.index("bea") <= 2, waited
    assert renderer.waiting == 0


async def test_the_queue_is_bounded(renderer: Renderer) -> None:
    pid = await pid_of(renderer)
    os.kill(pid, signal.SIGSTOP)
    crowd = [asyncio.create_task(renderer.render(CODE, person)) for person in range(module.MOST_WAITING + 50)]
    await asyncio.sleep(0)
    assert renderer.waiting <= module.MOST_WAITING
    os.kill(pid, signal.SIGCONT)
    shown = await asyncio.gather(*crowd)
    assert shown.count(markup.as_typed(CODE)) >= 49
    assert any(COLOURED in html for html in shown)


def test_credit_is_spent_and_grows_again() -> None:
    now = [100.0]
    credit = Credit(1.0, 0.1, lambda: now[0], remembered=2)
    assert credit.of(ANA) == 1.0
    credit.spend(ANA, 0.4)
    credit.spend(ANA, 0.8)
    assert credit.of(ANA) == pytest.approx(-0.2)
    assert credit.of(BEA) == 1.0
    now[0] += 3
    assert credit.of(ANA) == pytest.approx(0.1)
    now[0] += 3_600
    assert credit.of(ANA) == 1.0
    for person in range(10, 20):
        credit.spend(person, 1)
    assert len(credit.spent) == 2


async def test_closing_answers_who_waits() -> None:
    renderer = Renderer()
    pid = await pid_of(renderer)
    os.kill(pid, signal.SIGSTOP)
    waiting = [asyncio.create_task(renderer.render(CODE, person)) for person in (ANA, ANA, BEA)]
    await asyncio.sleep(0)
    await renderer.close()
    assert set(await asyncio.gather(*waiting)) == {markup.as_typed(CODE)}
    assert await renderer.render(CODE, ANA) == markup.as_typed(CODE)
    assert not runs(pid)
