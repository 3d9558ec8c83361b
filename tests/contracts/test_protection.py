"""What must stay true of the code for the protection to hold: no address is fetched, no expression blows up."""

from __future__ import annotations

import ast
import importlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVED = ("access", "analytics", "base", "delivery", "graph", "ingest", "resolvers", "rules", "schema", "workers")
# What can open a connection to an address that somebody names. Neo4j, Redis and the collector of traces are named by
# the settings alone, and each has one door (tests/contracts/test_imports.py).
CLIENTS = frozenset({"httpx", "requests", "aiohttp", "urllib.request", "urllib3", "http.client", "ftplib", "smtplib"})
EVALUATORS = frozenset({"pickle", "marshal", "shelve", "yaml"})
# None of these may take long, wherever a pattern is given it. Twice the length of anything that a limit lets through
# to one at once, but for whole documents of GraphQL.
HOSTILE_CHARS = 10_000
UNITS = ("a", " ", "0", "a.", "-", '"', "\\", "(", "1e", "/a")
HOSTILE = [unit * (HOSTILE_CHARS // len(unit)) + end for unit in UNITS for end in ("", "!", "\n")]
# These look for a beginning everywhere, which costs the square where a beginning is long.
SEARCHING = ("search", "findall", "finditer", "sub", "split")
SLOW_S = 0.5


def _files() -> Iterator[Path]:
    for part in SERVED:
        yield from sorted((ROOT / part).rglob("*.py"))


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_nothing_that_serves_fetches_an_address() -> None:
    """Server-side request forgery needs a feature that fetches: there is none. One that comes needs a list of hosts."""
    found = [f"{file.relative_to(ROOT)}: {name}" for file in _files() for name in _imported(file) if name in CLIENTS]

    assert found == []


def test_nothing_turns_data_into_code() -> None:
    names = [f"{file.relative_to(ROOT)}: {name}" for file in _files() for name in _imported(file) if name in EVALUATORS]
    calls = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in _files()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("eval", "exec", "compile")
    ]

    assert names + calls == []


def _patterns() -> Iterator[tuple[str, re.Pattern[str], bool]]:
    """Name, pattern, and whether it is searched for instead of being held against a text from its beginning."""
    for file in _files():
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        if name.endswith("__init__"):
            continue
        module, text = importlib.import_module(name), file.read_text(encoding="utf-8")
        for attribute, value in vars(module).items():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                searched = re.search(rf"\b{attribute}\.({'|'.join(SEARCHING)})\(", text) is not None
                yield f"{name}.{attribute}", value, searched


@pytest.mark.parametrize(("name", "pattern", "searched"), list(_patterns()))
def test_no_expression_of_ours_takes_long(name: str, pattern: re.Pattern[str], searched: bool) -> None:
    for text in HOSTILE:
        started = time.thread_time()
        if searched:
            pattern.search(text)
        pattern.fullmatch(text)
        assert time.thread_time() - started < SLOW_S, (name, text[:20])


def test_there_are_expressions_to_look_at() -> None:
    assert len(list(_patterns())) > 10
