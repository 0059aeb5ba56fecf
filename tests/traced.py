"""Uvicorn, noting which files of webapp/ have a word in their hands: `python -m tests.traced WORD OUTPUT ARGUMENTS`.

A file has it when one of its functions is called with it or returns it, by itself or in a form, a list, a dict or a
frozen dataclass. OUTPUT has a line for each file, in the order in which they had it first.
"""

import sys
import threading
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from starlette.datastructures import FormData
from uvicorn.main import main

WEBAPP = f"{Path(__file__).resolve().parents[1] / 'webapp'}/"
DEEPEST = 5


class Tracer:
    """`note` is a profile function."""

    def __init__(self, word: str, output: Path) -> None:
        self.word = word
        self.output = output.open("a", buffering=1)
        self.noted: set[str] = set()

    def note(self, frame: FrameType, event: str, result: Any) -> None:
        path = frame.f_code.co_filename
        if event not in ("call", "return") or not path.startswith(WEBAPP) or path in self.noted:
            return
        if self.has((*frame.f_locals.values(), result)):
            self.noted.add(path)
            self.output.write(f"{path.removeprefix(WEBAPP)}\n")

    def has(self, value: Any, depth: int = 0) -> bool:
        if isinstance(value, str):
            return self.word in value
        if isinstance(value, bytes | bytearray):
            return self.word.encode() in value
        return depth < DEEPEST and any(self.has(each, depth + 1) for each in parts(value))


def parts(value: Any) -> Iterable[Any]:
    if isinstance(value, FormData):
        return [each for _, each in value.multi_items()]
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list | tuple):
        return list(value)
    if is_dataclass(value) and not isinstance(value, type) and type(value).__dataclass_params__.frozen:  # type: ignore[attr-defined]
        return [getattr(value, each.name, None) for each in fields(value)]  # while it is made it lacks some
    return ()


if __name__ == "__main__":
    tracer = Tracer(sys.argv[1], Path(sys.argv[2]))
    sys.argv[1:3] = []
    threading.setprofile(tracer.note)
    sys.setprofile(tracer.note)
    main()
