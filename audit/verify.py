"""Reads the whole chain and says where it is not what was written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from redis.asyncio import Redis

from audit.chain import GENESIS, Block, BlockFault, Head, check
from audit.entry import decode
from audit.head import find_mark, read_block, read_head
from audit.writer import MODULE, REMARKS, SERVICE
from base.keys import Keyring
from graph.client import GraphClient
from graph.repositories.audit import AuditBlocks

PAGE_BLOCKS: Final = 50
# Retention may remove what is about to be read; more than a few times in one pass it is something else.
TRIES: Final = 5
MAX_REMARKS: Final = 20


@dataclass(slots=True)
class Report:
    """What was found.

    Args:
        head: up to where the chain goes.
        entries: how many were read.
        fault: the first thing that is wrong; its number is that of the first entry that cannot be trusted.
        remarks: number of an entry → what the writer found wrong when it went on.
        marked: whether Valkey's record of the head was there to compare with.
    """

    head: Head
    entries: int = 0
    fault: BlockFault | None = None
    remarks: dict[int, str] = field(default_factory=dict)
    marked: bool = False


Progress = Callable[[float], None]


class Verifier:
    """Compares the chain with its head, with Valkey's record, and with marks that somebody kept."""

    def __init__(self, graph: GraphClient, redis: Redis, keyring: Keyring):
        self._blocks = AuditBlocks(graph)
        self._redis = redis
        self._keyring = keyring

    async def run(self, expected: Mapping[int, bytes] | None = None, progress: Progress = lambda done: None) -> Report:
        """Read everything, from the anchor of retention to the head.

        Args:
            expected: number of an entry → the hash that it had.
            progress: told from 0 to 1.

        Raises:
            Unavailable, RedisError: Neo4j or Valkey is away.
        """
        # First, so that it cannot be ahead of what is read then.
        mark = await find_mark(self._redis, self._keyring)
        for _ in range(TRIES):
            stored = await self._blocks.find_head()
            head = read_head(self._keyring, stored)
            report = Report(head or Head(), marked=mark is not None)
            known = dict(expected or {})
            if mark is not None:
                known.setdefault(mark.seq, mark.hash)
            try:
                if head is None:
                    await self._without_head(is_there=stored is not None, mark=mark)
                else:
                    await self._pass(head, known, report, progress)
            except BlockFault as fault:
                report.fault = fault
                if await self._has_forgotten(report.head):
                    continue
            return report
        return report

    async def _pass(self, head: Head, known: Mapping[int, bytes], report: Report, progress: Progress) -> None:
        seq, hash_ = head.removed_seq, head.removed_hash
        if not seq and hash_ != GENESIS:
            raise BlockFault(1, "the anchor is not the beginning")
        async for block in self._read(seq):
            if seq >= head.seq:
                break
            if block.first > seq + 1:
                raise BlockFault(seq + 1, f"the entries up to {block.first - 1} are missing")
            if block.first < seq + 1:
                raise BlockFault(block.first, "the entries are there twice")
            for one in check(self._keyring, block, hash_):
                wanted = head.hash if one.seq == head.seq else known.get(one.seq, one.hash)
                if one.hash != wanted or known.get(one.seq, one.hash) != one.hash:
                    raise BlockFault(one.seq, "the entry has another hash than it had")
                self._look(one.seq, one.line, report)
                report.entries += one.seq <= head.seq
            seq, hash_ = block.last, block.hash
            progress((seq - head.removed_seq) / max(1, head.seq - head.removed_seq))
        if seq < head.seq:
            raise BlockFault(seq + 1, f"the end is missing, up to entry {head.seq}")
        if (ahead := max(known, default=0)) > max(seq, head.seq):
            raise BlockFault(max(seq, head.seq) + 1, f"the end is missing: there was an entry {ahead}")

    async def _without_head(self, *, is_there: bool, mark: Head | None) -> None:
        if is_there:
            raise BlockFault(0, "the head is not the one that was written")
        first = await self._blocks.list_after(0, 1)
        if first or (mark is not None and mark.seq):
            raise BlockFault(0, "the head is missing")

    async def _has_forgotten(self, head: Head) -> bool:
        now = read_head(self._keyring, await self._blocks.find_head())
        return now is not None and now.removed_seq != head.removed_seq

    async def _read(self, seq: int) -> AsyncIterator[Block]:
        while page := await self._blocks.list_after(seq, PAGE_BLOCKS):
            for properties in page:
                block = read_block(properties)
                yield block
                seq = max(seq + 1, block.last)

    def _look(self, seq: int, line: bytes, report: Report) -> None:
        entry = decode(line)
        is_remark = entry.user == SERVICE and entry.module == MODULE and entry.action in REMARKS
        if is_remark and len(report.remarks) < MAX_REMARKS:
            report.remarks[seq] = f"{entry.action} {entry.object or ''}".strip()
