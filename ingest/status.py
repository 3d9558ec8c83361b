"""Which message ids wait in the stream, found without opening any entry: each carries short hashes of its ids."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from redis.asyncio import Redis

from base.valkey import INGEST_STREAM

# 64 bits: with a million waiting ids, one look-up in 10^13 names an id that is not there.
HASH_BYTES = 8
# Entries that one script call looks through; each costs the server a copy, so a page stays below a few ms.
SCAN_PAGE_ENTRIES = 50

# KEYS[1] stream; ARGV[1] exclusive or inclusive start, ARGV[2] page size, ARGV[3..] hashes.
# Returns {last id or '', indexes found (from 1)}. The entries' bodies never leave the server.
_SCAN = """
local found, last = {}, ''
local entries = redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])
for _, entry in ipairs(entries) do
  last = entry[1]
  local fields = entry[2]
  for f = 1, #fields, 2 do
    if fields[f] == 'm' then
      for h = 3, #ARGV do
        local at = 1
        while at do
          at = string.find(fields[f + 1], ARGV[h], at, true)
          if at and (at - 1) % 8 == 0 then found[h - 2] = true; break end
          if at then at = at + 1 end
        end
      end
    end
  end
end
local list = {}
for index, _ in pairs(found) do list[#list + 1] = index end
return {last, list}
"""


def hash_message_id(message_id: str) -> bytes:
    """8 bytes that stand for a message id, of whatever source, in the stream."""
    return blake2b(message_id.encode("utf-8", "surrogatepass"), digest_size=HASH_BYTES).digest()


class PendingIds:
    """Looks message ids up among the entries of the stream. Cost grows with the backlog, page by page."""

    def __init__(self, redis: Redis):
        self._scan: Any = redis.register_script(_SCAN)

    async def find(self, message_ids: Sequence[str]) -> set[str]:
        """Those ids that some entry of the stream holds."""
        wanted = {hash_message_id(message_id): message_id for message_id in message_ids}
        found: set[str] = set()
        start = "-"
        while wanted:
            hashes = list(wanted)
            last, indexes = await self._scan(keys=[INGEST_STREAM], args=[start, SCAN_PAGE_ENTRIES, *hashes])
            for index in indexes:
                found.add(wanted.pop(hashes[index - 1]))
            if not last:
                break
            start = "(" + last.decode()
        return found
