"""Statements live in `cypher/`: names for metrics, headers that are checked, and nothing to inject into."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    "access",
    "audit",
    "base",
    "rules",
    "graph",
    "ingest",
    "delivery",
    "workers",
    "resolvers",
    "schema",
    "local",
    "cli",
    "server.py",
)
CYPHER = re.compile(
    r"\b(MATCH|MERGE|CREATE)\s*\(|\bUNWIND\s+[$\[r]|\bDETACH\s+DELETE\b|\bRETURN\s+\w+\s*[.,(]"
    r"|\b(CREATE|DROP)\s+(CONSTRAINT|INDEX|FULLTEXT)\b"
)


def _files() -> Iterator[Path]:
    for part in PARTS:
        path = ROOT / part
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def _texts(tree: ast.AST) -> Iterator[ast.Constant]:
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node


def test_no_statement_stands_in_python() -> None:
    wrong = [
        f"{file.relative_to(ROOT)}:{text.lineno}"
        for file in _files()
        for text in _texts(ast.parse(file.read_text(encoding="utf-8")))
        if CYPHER.search(str(text.value))
    ]

    assert wrong == []


@pytest.mark.parametrize(
    "text",
    [
        "MATCH (c:Customer) RETURN c.id",
        "UNWIND $rows AS row",
        "MATCH (n) DETACH DELETE n",
        "CREATE INDEX x FOR (n:X) ON (n.y)",
    ],
)
def test_the_search_knows_a_statement_when_it_sees_one(text: str) -> None:
    assert CYPHER.search(text)
