"""The operation log in the graph: blocks of its chain, how far it has come, and notes that are not in it yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from graph.client import GraphClient, Transaction
from graph.queries import load

_BEGIN_NOTE = load("audit/begin_note")
_END_NOTE = load("audit/end_note")
_COUNT_NOTES = load("audit/count_notes")
_TAKE_NOTES = load("audit/take_notes")
_LOCK_HEAD = load("audit/lock_head")
_GET_HEAD = load("audit/get_head")
_SET_HEAD = load("audit/set_head")
_PUT_BLOCK = load("audit/put_block")
_LIST_BLOCKS = load("audit/list_blocks")
_GET_BLOCK = load("audit/get_block")
_SEARCH_BLOCKS = load("audit/search_blocks")
_DELETE_BLOCKS = load("audit/delete_blocks")

Properties = Mapping[str, Any]


class Note(NamedTuple):
    """What somebody is about to change, or has changed, encrypted."""

    id: str
    sealed: bytes


class AuditNotes:
    """Notes of changes; one statement a method, harmless when repeated."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def begin(self, id: str, sealed: bytes, due_ms: int) -> None:
        """Note a change without its outcome, for which nobody waits from an instant on.

        Raises:
            Unavailable: Neo4j is away.
        """

        async def work(tx: Transaction) -> None:
            await tx.run(_BEGIN_NOTE, id=id, sealed=sealed, due=due_ms)

        await self._graph.write(_BEGIN_NOTE.name, work)

    async def end(self, id: str, sealed: bytes) -> None:
        """Note its outcome.

        Raises:
            Unavailable: Neo4j is away.
        """

        async def work(tx: Transaction) -> None:
            await tx.run(_END_NOTE, id=id, sealed=sealed)

        await self._graph.write(_END_NOTE.name, work)

    async def count_due(self, now_ms: int) -> int:
        """How many have an outcome, or wait for none any more."""
        rows = await self._graph.read(_COUNT_NOTES, now_ms=now_ms)
        return int(rows[0]["count"])


class AuditBlocks:
    """Reads the chain, one statement a method. Blocks and heads are properties by name, as audit.chain has them."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def find_head(self) -> Properties | None:
        """How far the chain has come; None before anything was chained."""
        rows = await self._graph.read(_GET_HEAD)
        return _head(rows)

    async def list_after(self, seq: int, count: int) -> list[Properties]:
        """Blocks that end after an entry, oldest first."""
        rows = await self._graph.read(_LIST_BLOCKS, after=seq, count=count)
        return [_block(row["block"]) for row in rows]

    async def search(
        self, floor: int, ceiling: int, from_ms: int, to_ms: int, facets: Sequence[str], count: int
    ) -> list[Properties]:
        """Blocks that end between two numbers and may hold what is looked for, newest first."""
        rows = await self._graph.read(
            _SEARCH_BLOCKS, floor=floor, ceiling=ceiling, from_ms=from_ms, to_ms=to_ms, facets=list(facets), count=count
        )
        return [_block(row["block"]) for row in rows]


async def lock_head(tx: Transaction) -> Properties | None:
    """How far the chain has come; whoever asks next waits until this transaction has ended."""
    return _head(await tx.run(_LOCK_HEAD))


async def set_head(tx: Transaction, head: Properties) -> None:
    """Keep how far it has come."""
    await tx.run(_SET_HEAD, head=dict(head))


async def take_notes(tx: Transaction, now_ms: int, limit: int) -> list[Note]:
    """Notes that can go into the chain, which leave with this transaction."""
    return [Note(row["id"], bytes(row["sealed"])) for row in await tx.run(_TAKE_NOTES, now_ms=now_ms, limit=limit)]


async def put_block(tx: Transaction, block: Properties, replaced: int) -> None:
    """Keep a block, in the place of one that ended with the entry `replaced`; 0 for none."""
    await tx.run(_PUT_BLOCK, block={**block, "facets": list(block["facets"])}, replaced=replaced)


async def find_block(tx: Transaction, last: int) -> Properties | None:
    """The block that ends with an entry."""
    rows = await tx.run(_GET_BLOCK, last=last)
    return _block(rows[0]["block"]) if rows else None


async def list_blocks(tx: Transaction, seq: int, count: int) -> list[Properties]:
    """Blocks that end after an entry, oldest first."""
    return [_block(row["block"]) for row in await tx.run(_LIST_BLOCKS, after=seq, count=count)]


async def find_newest_block(tx: Transaction) -> Properties | None:
    """The block with the highest entry."""
    found = await tx.run(_SEARCH_BLOCKS, floor=-1, ceiling=2**62, from_ms=-(2**62), to_ms=2**62, facets=[], count=1)
    return _block(found[0]["block"]) if found else None


async def delete_blocks(tx: Transaction, until: int) -> int:
    """Remove the blocks up to an entry; returns how many."""
    return int((await tx.run(_DELETE_BLOCKS, until=until))[0]["removed"])


def _head(rows: Sequence[Mapping[str, Any]]) -> Properties | None:
    if not rows or rows[0]["head"]["seq"] is None:
        return None
    return _plain(rows[0]["head"])


def _block(row: Mapping[str, Any]) -> Properties:
    found = _plain(row)
    return {**found, "facets": tuple(found["facets"] or ())}


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: bytes(value) if isinstance(value, bytearray) else value for name, value in row.items()}
