"""Everything that a graph holds, as text to look for what must not be there."""

from __future__ import annotations

from graph.client import GraphClient
from tests.support.line import query
from tests.support.sealed import opened

_NODES = query("MATCH (n) WHERE NOT n:Touched RETURN labels(n) AS kind, properties(n) AS held")
_RELATIONSHIPS = query("MATCH ()-[r]->() RETURN type(r) AS kind, properties(r) AS held")


async def dump(graph: GraphClient) -> str:
    """Labels, types and properties of all nodes and relationships, one a line.

    Documents are opened: what is encrypted is held too. Without the notes of what was touched: these name it until the
    columnar store has followed, at most for a day.
    """
    rows = [*await graph.read(_NODES), *await graph.read(_RELATIONSHIPS)]
    return "\n".join(f"{row['kind']} {opened(graph, row['held'])!r}" for row in rows)
