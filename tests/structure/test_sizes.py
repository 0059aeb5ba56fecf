"""Files and functions stay small: a file near 300 lines wants to be two nouns."""

import ast
from pathlib import Path
from statistics import median

import pytest

from webapp.templating.static_files import STYLES

ROOT = Path(__file__).resolve().parents[2]


def files(folder: str) -> list[Path]:
    return sorted(path for path in (ROOT / folder).rglob("*.py") if "versions" not in path.parts)


FILES = files("webapp")
EVERYWHERE = [path for folder in ("webapp", "tests", "bench", "scripts") for path in files(folder)]
LONGEST_FILE, LONGEST_FUNCTION, MEDIAN_FUNCTION = 300, 40, 8


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def lines(path: Path) -> int:
    return path.read_text().count("\n")


def functions(path: Path) -> dict[str, int]:
    """Name to length in lines, without decorators."""
    return {
        f"{node.name}:{node.lineno}": node.end_lineno - node.lineno + 1
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None
    }


@pytest.mark.parametrize("path", EVERYWHERE, ids=named)
def test_no_file_is_long(path: Path) -> None:
    assert lines(path) <= LONGEST_FILE


@pytest.mark.parametrize("path", FILES, ids=named)
def test_no_function_is_long(path: Path) -> None:
    assert {name: length for name, length in functions(path).items() if length > LONGEST_FUNCTION} == {}


def test_most_functions_are_short() -> None:
    assert median([length for path in FILES for length in functions(path).values()]) <= MEDIAN_FUNCTION


def test_the_program_is_larger_than_its_bench() -> None:
    assert sum(map(lines, FILES)) > sum(map(lines, files("bench")))


@pytest.mark.parametrize("path", FILES, ids=named)
def test_public_things_say_what_they_are(path: Path) -> None:
    tree = ast.parse(path.read_text())
    if path.read_text().strip():
        assert ast.get_docstring(tree), f"{path} has no docstring"


def test_no_script_of_ours() -> None:
    scripts = [path for path in (ROOT / "static").rglob("*.js") if "vendor" not in path.parts]
    assert not scripts


def test_vendored_files_keep_licence_and_version() -> None:
    for folder in (ROOT / "static/vendor").iterdir():
        assert (folder / "LICENSE").exists(), folder
        assert (folder / "VERSION").exists(), folder


def test_every_style_sheet_is_served() -> None:
    assert set(STYLES) == {path.stem for path in (ROOT / "static/css").glob("*.css")}
