"""Every statement file is read by somebody, and its header says what it does. Plans: tests/graph/test_plans.py."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from graph.queries import CYPHER_DIR, StatementFault, all_names, given, load, parse

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("graph", "workers", "delivery", "cli", "resolvers", "ingest")
WRITES = re.compile(r"\b(CREATE|MERGE|SET|DELETE|REMOVE|FOREACH)\b")
LOADED = re.compile(r'\bload\(\s*"([a-z_0-9/]+)"\s*\)')


def _loaded() -> set[str]:
    """Names of the statements that Python code loads."""
    files = [file for part in PARTS for file in (ROOT / part).rglob("*.py")]
    return {name for file in files for name in LOADED.findall(file.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("name", all_names())
def test_a_header_is_complete_and_true(name: str) -> None:
    """The loader checks parameters and columns; whether it writes is checked here."""
    query = load(name)

    assert query.name == name
    assert query.purpose.endswith(".")
    assert (query.mode == "WRITE") is bool(WRITES.search(_without_strings(query.text)))


def _without_strings(text: str) -> str:
    return re.sub(r"'[^']*'", "''", text)


def test_every_statement_is_used_and_every_used_one_exists() -> None:
    assert _loaded() == set(all_names())


@pytest.mark.parametrize("name", all_names())
def test_parameters_travel_in_one_map(name: str) -> None:
    """A list or a text that is a parameter of its own is planned again for each order of magnitude of its size."""
    used = set(re.findall(r"\$(\w+)(?:\.(\w+))?", load(name).text))

    assert {outer for outer, _ in used} <= set(given({}))
    assert {inner for _, inner in used} == load(name).parameters


def test_a_statement_is_one_statement_in_a_folder_of_its_domain() -> None:
    for name in all_names():
        assert re.fullmatch(r"[a-z_]+/[a-z_]+", name), name
        assert ";" not in _without_strings(load(name).text), name
    assert [file for file in CYPHER_DIR.rglob("*") if file.is_file() and file.suffix != ".cypher"] == []


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("// Mode: READ\nMATCH (n) RETURN n.id AS id", id="no purpose"),
        pytest.param("// Purpose: a.\n// Mode: BOTH\n// Column: id\nMATCH (n) RETURN n.id AS id", id="no such mode"),
        pytest.param(
            "// Purpose: a.\n// Mode: READ\n// Column: id\nMATCH (n {k: $k}) RETURN n.id AS id", id="undeclared"
        ),
        pytest.param(
            "// Purpose: a.\n// Mode: READ\n// Param: k\n// Column: id\nMATCH (n) RETURN n.id AS id", id="unused"
        ),
        pytest.param("// Purpose: a.\n// Mode: READ\n// Column: at\nMATCH (n) RETURN n.id AS id", id="another column"),
        pytest.param("// Purpose: a.\n// Mode: READ\n", id="no statement"),
    ],
)
def test_the_loader_refuses_a_header_that_is_not_true(source: str) -> None:
    with pytest.raises(StatementFault):
        parse("test/statement", source)


@pytest.mark.parametrize("name", ["", "segment", "../segment/create", "segment/create;", "segment/no_such_statement"])
def test_the_loader_refuses_a_name_that_is_none(name: str) -> None:
    with pytest.raises(StatementFault):
        load(name)
