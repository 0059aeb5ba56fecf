"""Files and functions stay small: a file near 300 lines wants to be two nouns."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path for path in (ROOT / "webapp").rglob("*.py") if "versions" not in path.parts)
LONGEST_FILE, LONGEST_FUNCTION = 300, 40


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_small(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and path.name != "routes.py":  # a table
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < LONGEST_FUNCTION, f"{node.name} in {path}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
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
