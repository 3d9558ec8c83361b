"""Brings constraints and indexes up to date: every statement is `IF NOT EXISTS`, so running twice changes nothing."""

from __future__ import annotations

from graph.client import GraphClient
from graph.queries import CYPHER_DIR, load

WAIT_FOR_INDEXES = load("system/await_indexes")


def statements() -> list[str]:
    """The statements of `cypher/migrations/*.cypher` in the order of file names; comments removed."""
    found: list[str] = []
    for path in sorted((CYPHER_DIR / "migrations").glob("*.cypher")):
        lines = (line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("//"))
        found.extend(part.strip() for part in "\n".join(lines).split(";") if part.strip())
    return found


async def migrate(client: GraphClient) -> None:
    """Create what is missing and wait until all indexes are online (at most 5 minutes)."""
    for statement in statements():
        await client.run_schema(statement)
    await client.read(WAIT_FOR_INDEXES)
