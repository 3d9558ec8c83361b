"""Looks entries up, newest first, passing over blocks that cannot hold what is looked for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from audit.chain import BLOCK_ENTRIES, BlockFault, unpack
from audit.entry import Entry, Outcome, Stored, decode
from audit.head import read_block
from base.clock import MAX_MS, MIN_MS
from base.keys import Keyring
from graph.client import GraphClient
from graph.repositories.audit import AuditBlocks

# What one page costs at most: blocks that are opened, 1 ms each, and entries that lie in blocks that are looked at.
MAX_OPENED: Final = 100
MAX_PASSED: Final = 1_000_000
PAGE_BLOCKS: Final = 20
# Above every number.
NEWEST: Final = 2**62


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; None for all.

    Args:
        text: a part of anything that an entry says, whatever the case.
        to_ms: excluded.
        about: ids of customers: entries that name one of them, as the object or as read; none for all.
    """

    text: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    module: str | None = None
    action: str | None = None
    user: str | None = None
    outcome: Outcome | None = None
    about: frozenset[str] = frozenset()

    def facets(self) -> list[str]:
        """What a block must have."""
        asked = {"m": self.module, "a": self.action, "u": self.user, "o": self.outcome}
        return [f"{kind}:{value}" for kind, value in asked.items() if value is not None]

    def holds(self, entry: Entry) -> bool:
        """Whether an entry is one."""
        return (
            self._from_ms <= entry.at_ms < self._to_ms
            and self.module in (None, entry.module)
            and self.action in (None, entry.action)
            and self.user in (None, entry.user)
            and self.outcome in (None, entry.outcome)
            and (not self.about or not self.about.isdisjoint((*entry.customers, *(entry.object or "").split())))
            and (self.text is None or self._is_in(self.text.casefold(), entry))
        )

    def _is_in(self, text: str, entry: Entry) -> bool:
        told = (entry.module, entry.action, entry.user, entry.user_name, entry.object, entry.ip, entry.request_id)
        rest = (entry.code, entry.purpose, *entry.roles, *entry.customers, *entry.fields)
        return any(text in one.casefold() for one in (*told, *rest) if one is not None)

    @property
    def _from_ms(self) -> int:
        return MIN_MS if self.from_ms is None else self.from_ms

    @property
    def _to_ms(self) -> int:
        return MAX_MS if self.to_ms is None else self.to_ms

    def range_ms(self) -> tuple[int, int]:
        """From, and until, excluded."""
        return self._from_ms, self._to_ms


class Found(NamedTuple):
    """Entries, newest first, and the number below which to read on; None at the end of the log."""

    entries: list[Stored]
    read_on: int | None


class AuditSearch:
    """Reads the log in pages."""

    def __init__(self, graph: GraphClient, keyring: Keyring):
        self._blocks = AuditBlocks(graph)
        self._keyring = keyring

    async def page(self, wanted: Wanted, below: int, count: int) -> Found:
        """Entries with numbers below one, `count` at most; fewer, even none, when too many had to be looked at.

        A block that does not open is passed over: `kith audit verify` tells of it.

        Raises:
            Unavailable: Neo4j is away.
        """
        found: list[Stored] = []
        below = min(below, await self._newest() + 1)
        floor = max(0, below - MAX_PASSED)
        from_ms, to_ms = wanted.range_ms()
        # A block that reaches below the number may end above it.
        ceiling, lowest = below + BLOCK_ENTRIES, below
        for _ in range(MAX_OPENED // PAGE_BLOCKS):
            page = await self._blocks.search(floor, ceiling, from_ms, to_ms, wanted.facets(), PAGE_BLOCKS)
            for properties in page:
                ceiling, lowest = properties["last"] - 1, properties["first"]
                found += [one for one in self._of_block(properties, wanted) if one.seq < below]
                if len(found) > count:
                    return Found(found[:count], found[count - 1].seq)
                # Others of this process have their turn.
                await asyncio.sleep(0)
            if len(page) < PAGE_BLOCKS:
                return Found(found, min(floor + 1, lowest) if floor else None)
        return Found(found, lowest)

    async def _newest(self) -> int:
        head = await self._blocks.find_head()
        return 0 if head is None else int(head["seq"])

    def _of_block(self, properties: Mapping[str, Any], wanted: Wanted) -> Iterator[Stored]:
        try:
            linked = unpack(self._keyring, read_block(properties))
        except BlockFault:
            return
        for one in reversed(linked):
            entry = decode(one.line)
            if wanted.holds(entry):
                yield Stored(one.seq, one.hash.hex(), entry)
