"""The benchmark's own statements."""

from __future__ import annotations

from pathlib import Path

from graph.queries import Query, parse

_CYPHER = Path(__file__).parent / "cypher"


def load(name: str) -> Query:
    """A statement of `bench/cypher`, its header checked as those of the product are."""
    return parse(f"bench/{name}", (_CYPHER / f"{name}.cypher").read_text(encoding="utf-8"))
