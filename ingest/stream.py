"""The durable queue between the gateway and the ingest workers: one sealed entry a request on a Valkey stream.

Entries are read through one consumer group. An entry leaves only by `trim`, and only when it and everything before it
has been acknowledged, so a worker that dies loses nothing: its entries are read again by itself or by another.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any, NamedTuple, cast

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from base.clock import now_ms
from base.errors import Unavailable
from base.keys import Keyring
from base.valkey import INGEST_GROUP, INGEST_STREAM
from ingest.appender import Appender
from ingest.payload import Payload, open_sealed, seal
from ingest.status import PendingIds, hash_message_id

# A gateway accepts no more than this many waiting requests; past it the workers are hours behind or gone, and the
# client's own queue is the better place. At 35 KB a batch it is also about what a server of 16 GB can hold.
MAX_ENTRIES = 500_000
# Entries that another consumer read and did not acknowledge for this long are taken over. It must lie above the
# slowest micro-batch (retries of a transaction end after 30 s), or two workers do the same work for nothing.
CLAIM_IDLE_MS = 60_000
# How often a busy reader looks for such entries.
CLAIM_EVERY_MS = 10_000
# A blocking read ends before the client's socket timeout does.
MAX_BLOCK_MS = 5_000
# Entries that a living worker holds for long, e.g. while Neo4j is away, are marked as held; well below CLAIM_IDLE_MS.
HOLD_IDLE_MS = 20_000
HOLD_PAGE = 1_000
# Consumers without entries that have not been heard of for this long are removed from the group.
FORGET_CONSUMER_MS = 3_600_000

_D = b"d"
_M = b"m"


class Entry(msgspec.Struct, frozen=True):
    """One kept request.

    Args:
        id: the stream's id, `<ms>-<n>`, stable over redelivery.
        deliveries: how many processes it has been handed to, this one included; more than a few, and it kills them.
        damaged: the entry cannot be opened; `body` is then the sealed bytes, `kind` is `batch`, `source` is empty.
    """

    id: str
    kind: str
    received_at_ms: int
    source: str
    body: bytes
    deliveries: int
    damaged: bool = False


class Backlog(NamedTuple):
    """What waits: entries read or unread, not yet acknowledged, and the age of the oldest (0 when there is none)."""

    entries_count: int
    lag_ms: int


class IngestStream:
    """The stream, for gateways (`append`), workers (`read`, `ack`, `trim`) and status look-ups.

    One object serves one event loop. `read` is for one task at a time and consumer; everything else for any number.

    Args:
        max_entries: `append` refuses when this many entries are there.
    """

    def __init__(self, redis: Redis, keyring: Keyring, *, max_entries: int = MAX_ENTRIES):
        self._redis: Any = redis
        self._keyring = keyring
        self._appender = Appender(redis, max_entries)
        self._pending_ids = PendingIds(redis)
        # Per consumer: where re-reading its own unacknowledged entries stands; None once that is done.
        self._own_cursor: dict[str, str | None] = {}
        # Consumers that this process reads for, and those of them that have got what an earlier process left them:
        # what these are handed again after a rewind is no new delivery.
        self._consumers: set[str] = set()
        self._caught_up: set[str] = set()
        self._next_claim_ms = 0
        self._claim_cursor = b"0-0"

    async def append(self, body: bytes, kind: str, received_at_ms: int, source: str, message_ids: Sequence[str]) -> str:
        """Keep a request; returns the entry's id once the server has written it.

        Raises:
            Unavailable: the server cannot be reached or write, is full, or the backlog is at its limit.
        """
        sealed = seal(self._keyring, Payload(kind, received_at_ms, source, body))
        hashes = b"".join([hash_message_id(message_id) for message_id in message_ids])
        return await self._appender.append({_D: sealed, _M: hashes})

    async def read(self, consumer: str, max_entries: int, block_ms: int) -> list[Entry]:
        """The next entries for a consumer, oldest first; empty when none came within `block_ms` (0: do not wait).

        First what this consumer had read before it was started or its connection broke, then what dead consumers left,
        then new entries. An entry may come more than once, never too seldom.

        Raises:
            Unavailable: the server cannot be reached; the next call starts over with the consumer's own entries.
        """
        block_ms = min(block_ms, MAX_BLOCK_MS)
        try:
            try:
                return await self._read(consumer, max_entries, block_ms)
            except ResponseError as fault:
                # An emptied server has no group: make it and go on. UNBLOCKED: the stream went while we waited.
                if "NOGROUP" not in str(fault) and "UNBLOCKED" not in str(fault):
                    raise
                await self._create_group()
                return await self._read(consumer, max_entries, block_ms)
        except RedisError as fault:
            # The reply may be lost after the server noted the entries as ours: read them again.
            self.rewind(consumer)
            raise Unavailable("the ingest stream cannot be read") from fault

    def rewind(self, consumer: str) -> None:
        """Make `read` start again with this consumer's unacknowledged entries, e.g. after a failed transaction."""
        self._own_cursor.pop(consumer, None)

    async def ack(self, ids: Sequence[str]) -> None:
        """Mark entries as applied. Repeating it does no harm.

        Raises:
            Unavailable: the server cannot be reached; the entries will be read again.
        """
        if ids:
            await self._call(self._redis.xack(INGEST_STREAM, INGEST_GROUP, *ids))

    async def trim(self) -> int:
        """Drop what is applied and older than everything unapplied; returns how many.

        Each worker calls it every few seconds: it also forgets dead consumers, and marks the entries that this object's
        consumers hold as held, so that nobody takes them over while this process lives.
        """
        try:
            last_delivered = await self._last_delivered()
            if last_delivered is None:
                return 0
            await self._hold()
            oldest_pending = await self._oldest_pending()
            # Entries read after the first of the two questions have larger ids than its answer: they stay.
            keep_from = oldest_pending or _after(last_delivered)
            await self._forget_consumers()
            return int(await self._redis.xtrim(INGEST_STREAM, minid=keep_from, approximate=False))
        except RedisError as fault:
            raise Unavailable("the ingest stream cannot be trimmed") from fault

    async def backlog(self) -> Backlog:
        """How much waits, and for how long."""
        try:
            group = await self._group()
            if group is None:
                count = int(await self._redis.xlen(INGEST_STREAM))
                oldest = await self._first_after("-")
            else:
                # The server does not know `lag` after entries were deleted by hand; the length is an upper bound.
                unread = group["lag"] if group["lag"] is not None else await self._redis.xlen(INGEST_STREAM)
                count = int(unread) + int(group["pending"])
                oldest = await self._oldest_pending() or await self._first_after(
                    "(" + group["last-delivered-id"].decode()
                )
        except RedisError as fault:
            raise Unavailable("the ingest stream cannot be read") from fault
        return Backlog(count, max(0, now_ms() - _ms(oldest)) if oldest and count else 0)

    async def pending_message_ids(self, message_ids: Sequence[str]) -> set[str]:
        """Those message ids, of any source, that are in the stream: accepted, and most likely not applied yet."""
        found: set[str] = await self._call(self._pending_ids.find(message_ids))
        return found

    async def _call(self, command: Awaitable[Any]) -> Any:
        try:
            return await command
        except RedisError as fault:
            raise Unavailable("the ingest stream cannot be reached") from fault

    async def _create_group(self) -> None:
        try:
            await self._redis.xgroup_create(INGEST_STREAM, INGEST_GROUP, id="0", mkstream=True)
        except ResponseError as fault:
            if "BUSYGROUP" not in str(fault):
                raise

    async def _read(self, consumer: str, max_entries: int, block_ms: int) -> list[Entry]:
        self._consumers.add(consumer)
        if (cursor := self._own_cursor.get(consumer, "0")) is not None:
            if own := await self._read_group(consumer, cursor, max_entries, None):
                self._own_cursor[consumer] = own[-1][0].decode()
                return await self._open_again(own, consumer if consumer in self._caught_up else None)
            self._own_cursor[consumer] = None
            self._caught_up.add(consumer)
        if now_ms() >= self._next_claim_ms:
            if claimed := await self._claim(consumer, max_entries):
                return await self._open_again(claimed, None)
            self._next_claim_ms = now_ms() + CLAIM_EVERY_MS
        new = await self._read_group(consumer, ">", max_entries, block_ms or None)
        return [self._open(entry_id, fields, 1) for entry_id, fields in new]

    async def _claim(self, consumer: str, max_entries: int) -> list[tuple[bytes, dict[bytes, bytes]]]:
        """Some entries that nobody has acknowledged for long; empty once the whole list has been looked through."""
        while True:
            self._claim_cursor, claimed, *_ = await self._redis.xautoclaim(
                INGEST_STREAM, INGEST_GROUP, consumer, CLAIM_IDLE_MS, self._claim_cursor, count=max_entries
            )
            if claimed or self._claim_cursor == b"0-0":
                return cast("list[tuple[bytes, dict[bytes, bytes]]]", claimed)

    async def _read_group(
        self, consumer: str, start: str, max_entries: int, block_ms: int | None
    ) -> list[tuple[bytes, dict[bytes, bytes]]]:
        reply = await self._redis.xreadgroup(
            INGEST_GROUP, consumer, {INGEST_STREAM: start}, count=max_entries, block=block_ms
        )
        return cast("list[tuple[bytes, dict[bytes, bytes]]]", reply[0][1]) if reply else []

    async def _open_again(
        self, entries: Sequence[tuple[bytes, dict[bytes, bytes] | None]], same_process: str | None
    ) -> list[Entry]:
        """Entries that were handed out before, with how often. What is no longer in the stream is acknowledged.

        Args:
            same_process: the consumer, when it was this process that had them: the server counted it, we do not.
        """
        if gone := [entry_id for entry_id, fields in entries if not fields]:
            await self._redis.xack(INGEST_STREAM, INGEST_GROUP, *gone)
        pending = await self._redis.xpending_range(
            INGEST_STREAM, INGEST_GROUP, min=entries[0][0], max=entries[-1][0], count=len(entries) * 4
        )
        counts: dict[bytes, int] = {one["message_id"]: one["times_delivered"] for one in pending}
        if same_process is not None:
            counts = {entry_id: max(1, count - 1) for entry_id, count in counts.items()}
            for count in set(counts.values()):
                ids = [entry_id for entry_id, its_count in counts.items() if its_count == count]
                await self._redis.xclaim(
                    INGEST_STREAM, INGEST_GROUP, same_process, 0, ids, retrycount=count, justid=True
                )
        return [self._open(entry_id, fields, counts.get(entry_id, 2)) for entry_id, fields in entries if fields]

    def _open(self, entry_id: bytes, fields: dict[bytes, bytes], deliveries: int) -> Entry:
        stream_id, sealed = entry_id.decode(), fields.get(_D, b"")
        payload = open_sealed(self._keyring, sealed)
        if payload is None:
            return Entry(stream_id, "batch", _ms(stream_id), "", sealed, deliveries, damaged=True)
        return Entry(stream_id, payload.kind, payload.received_at_ms, payload.source, payload.body, deliveries)

    async def _hold(self) -> None:
        """Set the idle time of what living consumers hold back to nothing; deliveries stay as they are."""
        for consumer in self._consumers:
            held = await self._redis.xpending_range(
                INGEST_STREAM, INGEST_GROUP, min="-", max="+", count=HOLD_PAGE, consumername=consumer, idle=HOLD_IDLE_MS
            )
            if held:
                ids = [one["message_id"] for one in held]
                # Only what is still idle: another may just have taken it over.
                await self._redis.xclaim(INGEST_STREAM, INGEST_GROUP, consumer, HOLD_IDLE_MS, ids, justid=True)

    async def _group(self) -> dict[str, Any] | None:
        try:
            groups = await self._redis.xinfo_groups(INGEST_STREAM)
        except ResponseError as fault:
            if "no such key" in str(fault):
                return None
            raise
        return next((group for group in groups if group["name"] == INGEST_GROUP.encode()), None)

    async def _last_delivered(self) -> str | None:
        group = await self._group()
        return None if group is None else group["last-delivered-id"].decode()

    async def _oldest_pending(self) -> str | None:
        summary = await self._redis.xpending(INGEST_STREAM, INGEST_GROUP)
        return summary["min"].decode() if summary["min"] else None

    async def _first_after(self, start: str) -> str | None:
        found = await self._redis.xrange(INGEST_STREAM, min=start, max="+", count=1)
        return found[0][0].decode() if found else None

    async def _forget_consumers(self) -> None:
        for consumer in await self._redis.xinfo_consumers(INGEST_STREAM, INGEST_GROUP):
            if not consumer["pending"] and consumer["idle"] > FORGET_CONSUMER_MS:
                await self._redis.xgroup_delconsumer(INGEST_STREAM, INGEST_GROUP, consumer["name"])


def _ms(stream_id: str) -> int:
    return int(stream_id.partition("-")[0])


def _after(stream_id: str) -> str:
    ms, _, sequence = stream_id.partition("-")
    return f"{ms}-{int(sequence) + 1}"
