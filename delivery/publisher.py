"""From the outbox to the stream: every committed change once, in order, without a gap, whoever publishes.

There is no leader. Positions are given under a lock that is held until the commit, so whoever holds position n knows
that everything below n is committed too. A stream entry's id is its position; the script below adds an entry only right
behind its predecessor. Whoever finds the predecessor missing (its publisher died after the commit, or Redis lost its
end) reads it from the graph and adds it first. So the stream is contiguous at every instant, and anybody heals it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from base import clock, logs, metrics
from base.errors import Unavailable
from base.valkey import CHANGES_STREAM
from delivery.change import AnyChange, ChangeKind, CustomerChangeKind, decode, encode
from graph.client import GraphClient
from graph.repositories.change import MAX_POSITION, ChangeRepository

# One script call blocks Redis for its length; 500 entries take about 3 ms.
CHUNK_ENTRIES = 500
CHUNK_BYTES = 256 * 1024
# Each try means that Redis lost entries again in the few milliseconds since the last; more is an outage.
HEAL_TRIES = 10
GAP = -1

# ARGV[1]: the caller vouches that the outbox holds nothing between this position and the first entry, nor between
# entries. Returns the stream's last position before the call, and how many entries were added or -1 for a gap.
# Entries below a hole are removed: they are past retention, and a subscriber relies on a stream without holes.
_APPEND = """
local last = 0
local info = redis.pcall('XINFO', 'STREAM', KEYS[1])
if not info['err'] then
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then last = tonumber(string.match(info[i + 1], '^%d+')) end
  end
end
if last < tonumber(ARGV[1]) then return {last, -1} end
local before, added = last, 0
for i = 3, #ARGV, 2 do
  local position = tonumber(ARGV[i])
  if position > last then
    if position > last + 1 then redis.call('XTRIM', KEYS[1], 'MINID', ARGV[i] .. '-0') end
    redis.call('XADD', KEYS[1], ARGV[i] .. '-0', 'c', ARGV[i + 1], 'p', ARGV[2])
    last, added = position, added + 1
  end
end
return {before, added}
"""

# Removes a stream of another life of the graph, unless somebody else did so already.
_DROP = """
local info = redis.pcall('XINFO', 'STREAM', KEYS[1])
if info['err'] then return 0 end
for i = 1, #info, 2 do
  if info[i] == 'last-generated-id' and info[i + 1] ~= ARGV[1] then return 0 end
  if info[i] == 'last-entry' and info[i + 1] and info[i + 1][2][2] ~= ARGV[2] then return 0 end
end
return redis.call('DEL', KEYS[1])
"""

_log = logs.get_logger()


class _Entry(NamedTuple):
    position: int
    body: bytes
    kind: ChangeKind | CustomerChangeKind


class _Tip(NamedTuple):
    """The stream's last position (0: no stream) and, while an entry is left, its body."""

    position: int
    body: bytes | None


class ChangePublisher:
    """Adds committed changes to the `changes` stream. Any number may run side by side.

    Args:
        redis: a client with bytes in and out.
        graph: where gaps are filled from.
    """

    def __init__(self, redis: Redis, graph: GraphClient):
        self._redis = redis
        self._outbox = ChangeRepository(graph)
        self._append_script = redis.register_script(_APPEND)
        self._drop_script = redis.register_script(_DROP)

    async def publish(self, changes: Sequence[AnyChange]) -> None:
        """Publish the changes of one committed transaction, ascending positions; one script call for up to 500.

        Raises:
            Unavailable: Redis (or, while filling a gap, Neo4j) cannot be reached. Nothing is lost: the next `publish`
                or `catch_up` of any process adds these changes too.
        """
        for chunk in _chunks([_Entry(change.position, encode(change), change.kind) for change in changes]):
            below = chunk[0].position - 1
            last, added = await self._append(below, chunk)
            for _ in range(HEAL_TRIES):
                if added != GAP:
                    break
                reached, _ = await self._fill(last, below)
                last, added = await self._append(reached, chunk)
            else:
                raise Unavailable("The change stream loses entries faster than they can be added again.")

    async def catch_up(self) -> int:
        """Publish whatever the outbox holds past the stream's end; rebuild a stream that is not this graph's.

        Returns:
            How many changes were added; 0 in the normal case, which costs one small read of each store.

        Raises:
            Unavailable: Redis or Neo4j cannot be reached.
        """
        tip = await self._tip()
        if await self._is_foreign(tip):
            _log.warning("changes_stream_of_another_graph", last_position=tip.position)
            await self._drop(tip)
            tip = _Tip(0, None)
        _, added = await self._fill(tip.position, MAX_POSITION)
        if added:
            _log.info("changes_caught_up", added=added)
        return added

    async def _is_foreign(self, tip: _Tip) -> bool:
        """Whether the stream's end is not what this graph published: Redis outlived a graph that was restored."""
        if tip.position == 0:
            return False
        same = await self._outbox.list_range(tip.position - 1, 1, until=tip.position)
        if same and tip.body is not None:
            return decode(same[0].body).id != decode(tip.body).id
        # Read after the tip: a published change was committed before, so the counter cannot be behind it.
        return await self._outbox.get_last_position() < tip.position

    async def _fill(self, after: int, until: int) -> tuple[int, int]:
        """Add the outbox's changes with after < position ≤ until.

        Returns:
            A position with nothing in the outbox between it and `until`, up to which the stream was complete; and how
            many changes were added.
        """
        reached, total = after, 0
        while stored := await self._outbox.list_range(reached, CHUNK_ENTRIES, until):
            for chunk in _chunks([_Entry(one.position, one.body.encode(), decode(one.body).kind) for one in stored]):
                last, added = await self._append(reached, chunk)
                if added == GAP:
                    # Redis lost entries in between: go on from what it has now.
                    reached = last
                    break
                reached, total = chunk[-1].position, total + added
        return reached, total

    async def _append(self, after: int, chunk: Sequence[_Entry]) -> tuple[int, int]:
        """Run the script; see there for `after` and the two results."""
        arguments: list[bytes | int] = [after, clock.now_ms()]
        for entry in chunk:
            arguments += (entry.position, entry.body)
        try:
            last, added = await self._append_script(keys=[CHANGES_STREAM], args=arguments)
        except (RedisError, OSError) as fault:
            raise _unavailable(fault) from fault
        for entry in chunk[len(chunk) - added :] if added > 0 else ():
            metrics.CHANGES_PUBLISHED.labels(entry.kind).inc()
        return last, added

    async def _tip(self) -> _Tip:
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.xrevrange(CHANGES_STREAM, count=1)
                pipe.xinfo_stream(CHANGES_STREAM)
                entries, info = await pipe.execute(raise_on_error=False)
        except (RedisError, OSError) as fault:
            raise _unavailable(fault) from fault
        if isinstance(info, ResponseError) and "no such key" in str(info):
            return _Tip(0, None)
        if isinstance(info, Exception):
            raise _unavailable(info) from info
        position = int(info["last-generated-id"].partition(b"-")[0])
        return _Tip(position, entries[0][1][b"c"] if entries else None)

    async def _drop(self, tip: _Tip) -> None:
        try:
            await self._drop_script(keys=[CHANGES_STREAM], args=[f"{tip.position}-0", tip.body or b""])
        except (RedisError, OSError) as fault:
            raise _unavailable(fault) from fault


def _chunks(entries: Sequence[_Entry]) -> Iterator[Sequence[_Entry]]:
    """Runs of at most `CHUNK_ENTRIES` and about `CHUNK_BYTES`; one larger entry goes alone."""
    start, size = 0, 0
    for index, entry in enumerate(entries):
        if index > start and (index - start == CHUNK_ENTRIES or size + len(entry.body) > CHUNK_BYTES):
            yield entries[start:index]
            start, size = index, 0
        size += len(entry.body)
    if start < len(entries):
        yield entries[start:]


def _unavailable(fault: Exception) -> Unavailable:
    _log.warning("changes_stream_unavailable", fault=type(fault).__name__)
    return Unavailable("The change stream cannot be reached now.")
