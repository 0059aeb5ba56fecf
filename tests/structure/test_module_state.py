"""Nothing changes at module level: what a process holds open lives in its Resources, tables are read-only."""

import ast
import importlib
import inspect
from dataclasses import is_dataclass
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
STARTS = {"__main__.py", "main.py"}
"""They read the environment when they are imported; the application that `main` makes is what a server asks for."""
FILES = sorted(
    path for path in (ROOT / "webapp").rglob("*.py") if "migrations" not in path.parts and path.name not in STARTS
)
READ_ONLY = ("Mapping", "Sequence", "Final[Mapping", "Final[Sequence")
"""Annotations under which mypy lets nobody write to a dict or a list."""
MADE_ONCE = {
    "logging": {"Logger"},
    "re": {"Pattern"},
    "_struct": {"Struct"},
    "typing": {"TypeVar", "ParamSpec"},
    "sqlalchemy": None,
    "argon2": {"PasswordHasher"},
    "markdown_it": {"MarkdownIt"},
    "pygments": {"HtmlFormatter"},
    "websockets": {"ServerPerMessageDeflateFactory"},
    "jinja2": {"Environment"},
    "webapp.store.prepared": {"Prepared"},
}
"""Classes, by their package, of objects that are configured where they are made and then only used; None: all."""
NAMES_OF_TYPES = {"typing", "collections.abc", "_collections_abc", "types"}
PLAIN = (str, bytes, int, float, bool, type(None), tuple, frozenset, range, type, ModuleType, Enum, Path)


def module(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


def assigned(tree: ast.Module) -> dict[str, str]:
    """Names assigned at module level, with their annotations; a name without one has an empty one."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            found |= {name.id: "" for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            found[node.target.id] = ast.unparse(node.annotation)
    return {name: annotation for name, annotation in found.items() if not name.startswith("__")}


def is_constant(value: Any, annotation: str) -> bool:
    if isinstance(value, dict | list):
        return annotation.startswith(READ_ONLY)
    if isinstance(value, PLAIN) or (is_dataclass(value) and type(value).__dataclass_params__.frozen):  # type: ignore[attr-defined]
        return True
    if inspect.isroutine(value) or type(value).__module__ in NAMES_OF_TYPES:
        return True
    return any(
        f"{kind.__module__}.".startswith(f"{package}.") and (kinds is None or kind.__name__ in kinds)
        for kind in type(value).__mro__
        for package, kinds in MADE_ONCE.items()
    )


@pytest.mark.parametrize("path", FILES, ids=module)
def test_nothing_at_module_level_changes(path: Path) -> None:
    names = assigned(ast.parse(path.read_text()))
    loaded = vars(importlib.import_module(module(path)))
    assert {
        name: type(loaded[name]) for name, annotation in names.items() if not is_constant(loaded[name], annotation)
    } == {}


@pytest.mark.parametrize("path", FILES, ids=module)
def test_no_bag_of_attributes_is_passed(path: Path) -> None:
    assert "SimpleNamespace" not in path.read_text(), "what templates are given is a frozen dataclass"


@pytest.mark.parametrize("path", FILES, ids=module)
def test_no_function_writes_to_its_module(path: Path) -> None:
    assert not [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Global)]


def test_what_changes_is_found() -> None:
    names = assigned(ast.parse("A = {}\nB: Mapping[str, int] = {}\nC = set()\nD: list[int] = []\nE = ()"))
    values = {"A": {}, "B": {}, "C": set(), "D": [], "E": ()}
    assert [name for name in names if not is_constant(values[name], names[name])] == ["A", "C", "D"]
