"""An import may only point down the layout, so any part can be read, tested and replaced without those above it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# From the top to the bottom; parts of one row do not know each other.
ROWS = (
    {"cli", "demo"},
    {"server"},
    {"schema"},
    {"resolvers"},
    {"workers"},
    {"ingest", "delivery"},
    {"access", "analytics", "audit"},
    {"graph"},
    {"rules"},
    {"local"},
    {"base"},
)
RANK = {part: rank for rank, row in enumerate(ROWS) for part in row}
# Part → the only modules of another part that it may use.
# A mutation hands work to a worker by its queue; `explain` reads the very facts that live evaluation reads, and what
# the resolver reads. A decision about identity, and an imported list, take effect while their maker waits.
NARROW = {
    ("resolvers", "workers"): {
        "workers.queue",
        "workers.live.catalogue",
        "workers.live.facts",
        "workers.decisions",
        "workers.identity.reading",
        "workers.lists",
        "workers.policy.office",
        "workers.projection.client",
    }
}
# Library → the only modules that may import it.
OWNERS = {
    "neo4j": {"graph.client"},
    "ibis": {"analytics.query.expressions"},
    "clickhouse_connect": {"analytics.engines.clickhouse.server"},
    "jgo": {"local.jars", "local.jars_lock"},
    "honcho": {"cli.run"},
}
# Pure parts → libraries that must not come with them, however indirectly.
SERVERS = ("neo4j", "redis", "strawberry", "starlette", "arq")


def _modules() -> Iterator[tuple[str, Path]]:
    for part in RANK:
        files = [ROOT / f"{part}.py"] if (ROOT / f"{part}.py").is_file() else sorted((ROOT / part).rglob("*.py"))
        for file in files:
            name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
            yield name.removesuffix(".__init__"), file


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative imports hide where the arrow points"
            module = node.module or ""
            yield from (f"{module}.{alias.name}" for alias in node.names)


def test_imports_point_down() -> None:
    wrong = [
        f"{name} imports {target}"
        for name, file in _modules()
        for target in _imports(file)
        if (part := name.split(".")[0]) != (other := target.split(".")[0])
        and other in RANK
        and RANK[other] <= RANK[part]
    ]

    assert wrong == []


def test_narrow_passages_are_kept() -> None:
    wrong = [
        f"{name} imports {target}"
        for name, file in _modules()
        for target in _imports(file)
        if (allowed := NARROW.get((name.split(".")[0], target.split(".")[0])))
        and not any(target == one or target.startswith(f"{one}.") for one in allowed)
    ]

    assert wrong == []


def test_a_library_with_an_owner_is_used_by_its_owner_only() -> None:
    wrong = [
        f"{name} imports {target}"
        for name, file in _modules()
        for target in _imports(file)
        if (owners := OWNERS.get(target.split(".")[0])) and name not in owners
    ]

    assert wrong == []


@pytest.mark.parametrize("part", ["rules", "graph/identity"])
def test_pure_parts_load_no_server_library(part: str) -> None:
    modules = [name for name, file in _modules() if file.is_relative_to(ROOT / part)]
    assert modules, f"{part} is gone"
    code = f"import sys, importlib; [importlib.import_module(m) for m in {modules!r}]; print(*sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert {name.split(".")[0] for name in loaded.split()}.isdisjoint(SERVERS)


@pytest.mark.parametrize("role", ["server", "workers.applier.run", "workers.jobs"])
def test_only_the_owner_of_the_columnar_store_loads_its_libraries(role: str) -> None:
    """They take 50 MB of each process."""
    code = f"import sys, {role}; print(*sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert {"duckdb", "ibis", "sqlglot"}.isdisjoint(loaded.split())
