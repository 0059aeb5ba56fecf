"""The import rule: arrows point down, and what stands side by side does not know the other."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path for path in (ROOT / "webapp").rglob("*.py") if "versions" not in path.parts)

MAY_IMPORT: dict[str, set[str]] = {
    "__main__": {"settings", "store", "domain", "services"},
    "main": {"app", "settings"},
    "app": {"settings", "numbers", "web", "sockets", "transport", "services", "domain", "store", "channel_layer"},
    "web": {"numbers", "addresses", "emoji", "services", "domain", "store", "settings", "templating"},
    "sockets": {"numbers", "addresses", "services", "domain", "store", "channel_layer", "settings", "templating",
                "transport"},
    "transport": {"addresses", "settings"},
    "services": {"numbers", "domain", "store", "channel_layer", "settings", "markup", "templating"},
    "domain": {"store", "emoji"},
    "store": set(),
    "channel_layer": set(),
    "settings": {"numbers"},
    "numbers": set(),
    "addresses": set(),
    "emoji": set(),
    "templating": {"emoji"},
    "markup": set(),
}  # fmt: skip
# Of the store an edge knows its failure alone, and whether the schema is current; the rest goes through the domain.
STORE_FOR_EDGES = {"webapp.store.database", "webapp.store.engine"}
TRUNK = ["errors", "events", "transaction", "policy", "names", "community", "invitations", "accounts",
         "notifications", "memberships", "rooms", "blocks", "days", "mentions", "messages", "history"]  # fmt: skip
ANYWHERE = {"errors", "events", "transaction", "policy", "names", "look_alikes"}
STRANGERS = {
    "anyio", "argon2", "asyncio", "concurrent", "html", "http", "httptools", "itsdangerous", "jinja2", "logging",
    "markupsafe", "multiprocessing", "os", "queue", "redis", "socket", "starlette", "subprocess", "threading", "urllib",
    "uvicorn",
}  # fmt: skip
"""What rules know nothing of: the event loop, threads and processes, Redis, HTTP, HTML."""


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def source_of(node: ast.ImportFrom, path: Path) -> str:
    """The module that `from ... import` names, a relative one in full."""
    above = module(path).split(".")[: -node.level] if node.level else []
    return ".".join([*above, *([node.module] if node.module else [])])


def imports(path: Path) -> list[tuple[str, bool]]:
    """(imported module of ours, whether inside a function)."""
    tree = ast.parse(path.read_text())
    inside = {
        child for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for child in ast.walk(node)
    }  # fmt: skip
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (source := source_of(node, path)).split(".")[0] == "webapp":
            for alias in node.names:
                full = f"{source}.{alias.name}"
                place = ROOT / Path(*full.split("."))
                is_module = place.with_suffix(".py").exists() or place.is_dir()
                found.append((full if is_module else source, node in inside))
        elif isinstance(node, ast.Import):
            found += [(alias.name, node in inside) for alias in node.names if alias.name.split(".")[0] == "webapp"]
    return found


def layer(name: str) -> str:
    return name.split(".")[1]


@pytest.mark.parametrize("path", FILES, ids=module)
def test_arrows_point_down(path: Path) -> None:
    here = module(path)
    if here == "webapp.__init__":
        return
    for target, inside in imports(path):
        assert not inside, f"{here} imports {target} inside a function"
        assert layer(target) == layer(here) or layer(target) in MAY_IMPORT[layer(here)], f"{here} imports {target}"


@pytest.mark.parametrize("path", [p for p in FILES if layer(module(p)) in ("web", "sockets")], ids=module)
def test_edges_reach_the_store_through_the_domain(path: Path) -> None:
    reached = {target for target, _ in imports(path) if layer(target) == "store"}
    assert reached <= STORE_FOR_EDGES


def test_domain_trunk_stands_in_its_order() -> None:
    for path in (ROOT / "webapp/domain").glob("*.py"):
        for target, _ in imports(path):
            name = target.rsplit(".", 1)[-1]
            if layer(target) != "domain" or name in ANYWHERE:
                continue
            if path.stem in TRUNK:
                assert name in TRUNK[: TRUNK.index(path.stem)], f"domain/{path.name} imports {name}"
            else:
                assert name in TRUNK, f"the leaf domain/{path.name} imports the leaf {name}"


@pytest.mark.parametrize("path", [p for p in FILES if layer(module(p)) == "domain"], ids=module)
def test_rules_know_no_machinery(path: Path) -> None:
    """Of what is not ours the domain uses the standard library's plain parts, and SQLAlchemy's names for a connection
    and for a violated constraint."""
    names = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names])
    }
    assert not names & STRANGERS
    assert not {name for name in names if name not in sys.stdlib_module_names} - {"webapp", "sqlalchemy"}


LAYER = ROOT / "webapp/channel_layer"


def test_relative_imports_are_seen() -> None:
    assert ("webapp.channel_layer.base", False) in imports(LAYER / "redis/layer.py")
    assert ("webapp.channel_layer.redis.link", False) in imports(LAYER / "redis/publisher.py")
    assert ("webapp.channel_layer.redis", False) in imports(LAYER / "__init__.py")


@pytest.mark.parametrize("path", sorted(LAYER.rglob("*.py")), ids=module)
def test_the_channel_layer_is_complete_without_us(path: Path) -> None:
    """A copy of its folder works under any name: see tests/channel_layer/test_alone.py."""
    text = path.read_text()
    names = [
        name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and not node.level)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names])
    ]
    assert not {name for name in names if name not in sys.stdlib_module_names} - {"redis", "hiredis"}
    assert not re.search("tertulia", text, re.IGNORECASE)


def as_file(target: str) -> str:
    """Importing from a package runs its `__init__`."""
    return f"{target}.__init__" if (ROOT / Path(*target.split("."))).is_dir() else target


def test_no_cycles() -> None:
    edges = {module(path): {as_file(target) for target, _ in imports(path)} for path in FILES}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name in done:
            return
        for target in edges.get(name, ()):
            visit(target, (*trail, name))
        done.add(name)

    for name in edges:
        visit(name, ())


def test_one_store_file_writes_a_table_and_one_domain_file_uses_it() -> None:
    users: dict[str, set[str]] = {}
    for path in (ROOT / "webapp/domain").glob("*.py"):
        for target, _ in imports(path):
            if layer(target) == "store" and target not in STORE_FOR_EDGES:
                users.setdefault(target, set()).add(path.stem)
    assert users, "the domain uses the store"
    for store_file, domain_files in users.items():
        # Reading the log, and writing it, are two nouns on one table.
        allowed = {"messages", "history"} if store_file.endswith(".messages") else domain_files
        assert (
            len(domain_files) == 1
            or domain_files == allowed == {"messages", "history"}
            or (store_file.endswith(".rooms") and domain_files == {"rooms", "memberships"})
        ), f"{store_file} is used by {sorted(domain_files)}"


def test_only_settings_reads_the_environment() -> None:
    for path in FILES:
        if path.name != "settings.py":
            assert not re.search(r"os\.environ|getenv", path.read_text()), path
