"""Cypher statements from files, with a checked header.

A statement lives alone in `cypher/<domain>/<verb>_<noun>.cypher`; its path is its name, its metric label and its
trace label. Nothing of a user's text ever becomes part of a statement: values travel as parameters only, all of them
inside one map: Neo4j plans a statement again for each order of magnitude of each list or text among its parameters, but
does not look into a map. So a statement has one plan, made before it is needed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

CYPHER_DIR = Path(__file__).resolve().parent.parent / "cypher"

_NAME = re.compile(r"[a-z_]+(/[a-z_0-9]+)+")
_HEADER_LINE = re.compile(r"//\s*(Purpose|Mode|Param|Column|Index):\s*(.+)")
_PARAMETER_USE = re.compile(r"\$([a-z_][a-z_0-9]*)")
_STRING = re.compile(r"'[^']*'")
_MAP = "given"
_COLUMN_ALIAS = re.compile(r"\bAS\s+([a-z_][a-z_0-9]*)\s*(?:,|$)", re.IGNORECASE)


class StatementFault(Exception):
    """A statement file that breaks the rules of this module; found by the contract tests."""


@dataclass(frozen=True, slots=True)
class Query:
    """One statement, to be run with `given`.

    Args:
        name: the path below `cypher/` without the suffix.
        text: as sent; `$ids` of the file has become `$given.ids`.
    """

    name: str
    text: str
    purpose: str
    mode: Literal["READ", "WRITE"]
    parameters: frozenset[str]
    columns: tuple[str, ...]
    indexes: tuple[str, ...]


def given(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as `Query.text` expects them."""
    return {_MAP: parameters}


def sent_text(text: str) -> str:
    """A statement that finds its parameters where `given` puts them."""
    return _PARAMETER_USE.sub(rf"${_MAP}.\1", text)


@cache
def load(name: str) -> Query:
    """The statement of that name. Reads the file once a process.

    Raises:
        StatementFault: no such file, a missing header line, or parameters or columns that differ from the header.
    """
    if not _NAME.fullmatch(name):
        raise StatementFault(f"{name!r} is no statement name")
    try:
        source = (CYPHER_DIR / f"{name}.cypher").read_text(encoding="utf-8")
    except FileNotFoundError as fault:
        raise StatementFault(f"cypher/{name}.cypher does not exist") from fault
    return parse(name, source)


def parse(name: str, source: str) -> Query:
    """Split header from text and check one against the other. No I/O.

    Raises:
        StatementFault: see `load`.
    """
    head: dict[str, list[str]] = {}
    body: list[str] = []
    for line in source.splitlines():
        if not line.startswith("//"):
            body.append(line)
        elif match := _HEADER_LINE.fullmatch(line.strip()):
            head.setdefault(match[1], []).append(match[2].strip())
    text = "\n".join(line for line in body if line.strip())
    mode = "".join(head.get("Mode", []))
    if "Purpose" not in head or mode not in ("READ", "WRITE") or not text:
        raise StatementFault(f"{name}: needs a Purpose line, a Mode line of READ or WRITE, and a statement")
    declared = frozenset(line.split()[0] for line in head.get("Param", []))
    used = frozenset(_PARAMETER_USE.findall(text))
    if declared != used:
        raise StatementFault(f"{name}: parameters declared {sorted(declared)}, used {sorted(used)}")
    columns = tuple(line.split()[0] for line in head.get("Column", []))
    returned = _returned_columns(_STRING.sub("''", text))
    if sorted(columns) != sorted(returned):
        raise StatementFault(f"{name}: columns declared {sorted(columns)}, returned {sorted(returned)}")
    return Query(
        name=name,
        text=sent_text(text),
        purpose=head["Purpose"][0],
        mode="READ" if mode == "READ" else "WRITE",
        parameters=declared,
        columns=columns,
        indexes=tuple(head.get("Index", [])),
    )


def _returned_columns(text: str) -> list[str]:
    """Aliases of the last RETURN at nesting depth 0; every column needs an explicit lower-case alias."""
    depth = 0
    last_return = -1
    for match in re.finditer(r"[{}]|\bRETURN\b", text):
        if match[0] == "{":
            depth += 1
        elif match[0] == "}":
            depth -= 1
        elif depth == 0:
            last_return = match.end()
    if last_return < 0:
        return []
    tail = re.split(r"\b(?:ORDER BY|LIMIT|SKIP)\b", text[last_return:])[0]
    flat: list[str] = []
    depth = 0
    for char in tail:
        depth += char in "([{"
        depth -= char in ")]}"
        flat.append(char if depth == 0 else " ")
    return _COLUMN_ALIAS.findall("".join(flat).strip())


def all_names() -> list[str]:
    """Names of all statement files, sorted; migrations are not statements."""
    return sorted(
        str(path.relative_to(CYPHER_DIR).with_suffix("")).replace("\\", "/")
        for path in CYPHER_DIR.rglob("*.cypher")
        if path.parent.name != "migrations"
    )
