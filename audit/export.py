"""The log as a sequence, oldest first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from audit.chain import BlockFault, unpack
from audit.entry import Stored, decode
from audit.head import read_block, read_head
from base.clock import MAX_MS, MIN_MS
from base.errors import ErrorCode, KithError
from base.keys import Keyring
from graph.client import GraphClient
from graph.repositories.audit import AuditBlocks

PAGE_BLOCKS: Final = 20


async def read_range(
    graph: GraphClient, keyring: Keyring, from_ms: int | None, to_ms: int | None
) -> AsyncIterator[Stored]:
    """Entries of a time, up to what was the last one when it began; all without bounds; `to_ms` is excluded.

    Raises:
        KithError: INTERNAL, a block does not open; what comes behind it is not given as if it were all.
        Unavailable: Neo4j is away.
    """
    since = MIN_MS if from_ms is None else from_ms
    until = MAX_MS if to_ms is None else to_ms
    blocks = AuditBlocks(graph)
    head = read_head(keyring, await blocks.find_head())
    seq, last = (0, 0) if head is None else (head.removed_seq, head.seq)
    while seq < last and (page := await blocks.list_after(seq, PAGE_BLOCKS)):
        for properties in page:
            try:
                block = read_block(properties)
                linked = unpack(keyring, block)
            except BlockFault as fault:
                hint = "`kith audit verify` tells more."
                raise KithError(ErrorCode.INTERNAL, f"Entry {fault.seq}: {fault.text}.", hint=hint) from None
            for one in linked:
                entry = decode(one.line)
                if seq < one.seq <= last and since <= entry.at_ms < until:
                    yield Stored(one.seq, one.hash.hex(), entry)
            seq = block.last
