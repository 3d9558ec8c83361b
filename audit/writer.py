"""Makes the chain: takes what came in and puts it behind the last entry, in one transaction.

Any number of writers may run. The head is locked in the transaction that moves it, and it says how far the stream has
been read; so whoever comes second sees that it is too late, and a writer that is killed leaves all or nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
from redis.asyncio import Redis

from audit.chain import BLOCK_ENTRIES, BlockFault, Head, check, pack
from audit.entry import Entry, Outcome, decode, encode
from audit.head import find_mark, head_properties, read_block, read_head, set_mark
from audit.log import open_note
from audit.stream import AuditStream, Part, is_before
from base.clock import now_ms
from base.errors import ConfigurationFault
from base.keys import Keyring
from base.pages import pages
from graph.client import GraphClient, Transaction
from graph.repositories import audit as stored
from graph.repositories.audit import AuditBlocks, AuditNotes, Note

# One transaction: some thousand entries at most, a megabyte.
MAX_PARTS: Final = 64
MAX_NOTES: Final = 1_000
# Blocks that are looked at, and removed, in one transaction.
FORGET_BLOCKS: Final = 50
# What the writer itself finds stands in the log under this name.
SERVICE: Final = "service"
MODULE: Final = "audit"
REMARKS: Final = frozenset({"headBehind", "headDamaged", "noteDamaged", "partDamaged"})


class _Start(NamedTuple):
    """Where the chain goes on, and what was found wrong there."""

    head: Head
    remarks: Sequence[Entry]


class ChainWriter:
    """Moves entries from the stream and from notes into the chain."""

    def __init__(self, graph: GraphClient, redis: Redis, keyring: Keyring):
        self._graph = graph
        self._redis = redis
        self._keyring = keyring
        self._stream = AuditStream(redis, keyring)
        self._blocks = AuditBlocks(graph)
        self._notes = AuditNotes(graph)

    async def turn(self) -> bool:
        """Put what is there into the chain; whether there may be more at once.

        Raises:
            Unavailable, RedisError: Neo4j or Valkey is away; nothing is lost.
        """
        mark = await find_mark(self._redis, self._keyring)
        known = await self._blocks.find_head()
        head = read_head(self._keyring, known) or mark or Head()
        behind = head.stream
        if mark is None and is_before(await self._stream.last_id(), behind):
            # Valkey was emptied, and its clock is behind: what is there is new, whatever its ids say.
            behind = "0-0"
        parts = await self._stream.read(behind, MAX_PARTS)
        if not parts and not await self._notes.count_due(now_ms()):
            return False

        async def work(tx: Transaction) -> Head | None:
            locked = await stored.lock_head(tx)
            if locked != known:
                return None
            start = await self._start(tx, locked, mark)
            notes = await stored.take_notes(tx, now_ms(), MAX_NOTES)
            lines = [encode(one) for one in start.remarks] + self._lines(parts, notes)
            if not lines:
                return None
            after = await self._put(tx, start.head, lines)
            after = msgspec.structs.replace(after, stream=parts[-1].id if parts else start.head.stream)
            await stored.set_head(tx, head_properties(self._keyring, after))
            return after

        after = await self._graph.write("audit/turn", work)
        if after is not None:
            await set_mark(self._redis, self._keyring, after)
            await self._stream.forget(after.stream)
        return len(parts) == MAX_PARTS

    async def forget(self, before_ms: int) -> int:
        """Remove blocks whose every entry is from before an instant; what stands for them goes into the head.

        Returns:
            How many entries.

        Raises:
            Unavailable: Neo4j is away.
            BlockFault: the oldest block is not as it was written; it stays until somebody has looked.
        """
        removed = 0

        async def work(tx: Transaction) -> int:
            head = read_head(self._keyring, await stored.lock_head(tx))
            if head is None:
                return 0
            seq, hash_ = head.removed_seq, head.removed_hash
            for properties in await stored.list_blocks(tx, seq, FORGET_BLOCKS):
                block = read_block(properties)
                # By what was written, not by what the block says of itself: that alone could be changed.
                linked = check(self._keyring, block, hash_)
                if any(decode(one.line).at_ms >= before_ms for one in linked):
                    break
                seq, hash_ = block.last, block.hash
            if seq == head.removed_seq:
                return 0
            await stored.delete_blocks(tx, seq)
            after = msgspec.structs.replace(head, removed_seq=seq, removed_hash=hash_)
            await stored.set_head(tx, head_properties(self._keyring, after))
            return seq - head.removed_seq

        while count := await self._graph.write("audit/forget", work):
            removed += count
        return removed

    async def _start(self, tx: Transaction, locked: stored.Properties | None, mark: Head | None) -> _Start:
        """The head to go on from. One that is wrong is told in the chain itself, since writing on would hide it."""
        head, remarks = read_head(self._keyring, locked), []
        if head is None:
            newest = await stored.find_newest_block(tx)
            if locked is not None or newest is not None or mark is not None:
                remarks.append(_remark("headDamaged", None))
            head = self._recovered(newest, mark)
        if mark is not None and mark.seq > head.seq:
            remarks.append(_remark("headBehind", f"{mark.seq}"))
        return _Start(head, remarks)

    def _recovered(self, newest: stored.Properties | None, mark: Head | None) -> Head:
        head = mark or Head()
        if newest is None:
            return head
        try:
            block = read_block(newest)
            check(self._keyring, block, block.before)
        except BlockFault:
            return head
        return msgspec.structs.replace(head, seq=block.last, hash=block.hash)

    def _lines(self, parts: Sequence[Part], notes: Sequence[Note]) -> list[bytes]:
        found: list[tuple[int, bytes]] = []
        for part in parts:
            lines = [encode(_remark("partDamaged", part.id))] if part.lines is None else part.lines
            found += [(decode(line).at_ms, line) for line in lines]
        for note in notes:
            try:
                line = open_note(self._keyring, note.id, note.sealed)
            except (ConfigurationFault, msgspec.DecodeError):
                line = encode(_remark("noteDamaged", note.id))
            found.append((decode(line).at_ms, line))
        # What one turn brings is in the order in which it happened.
        found.sort(key=lambda one: one[0])
        return [line for _, line in found]

    async def _put(self, tx: Transaction, head: Head, lines: Sequence[bytes]) -> Head:
        """Keep lines behind the head, in the last block as long as it has room."""
        first, before, replaced = head.seq + 1, head.hash, 0
        tail = await stored.find_block(tx, head.seq)
        if tail is not None:
            try:
                block = read_block(tail)
                linked = check(self._keyring, block, block.before)
            except BlockFault:
                # It stays as it is, for whoever verifies.
                linked = []
            if linked and len(linked) < BLOCK_ENTRIES and block.hash == head.hash:
                first, before, replaced = block.first, block.before, block.last
                lines = [*(one.line for one in linked), *lines]
        for page in pages(lines, BLOCK_ENTRIES):
            block = pack(self._keyring, first, before, page)
            await stored.put_block(tx, msgspec.structs.asdict(block), replaced)
            first, before, replaced = block.last + 1, block.hash, 0
        return msgspec.structs.replace(head, seq=first - 1, hash=before)


def _remark(action: str, object: str | None) -> Entry:
    return Entry(
        at_ms=now_ms(),
        module=MODULE,
        action=action,
        user=SERVICE,
        user_name=SERVICE,
        object=object,
        outcome=Outcome.FAILED,
    )
