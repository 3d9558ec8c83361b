"""The arithmetic of a token bucket, twice: where all processes share it, and in a process that is on its own."""

from __future__ import annotations

# A bucket holds what comes in within this time, so whoever has been away may begin with that much at once.
BURST_S = 10
# KEYS[1]: the bucket. ARGV: tokens a second, tokens that are needed now, tokens that are wanted with them. Answers how
# many were given (none, unless all that are needed), and after how many milliseconds the needed ones will be there.
# The time is the server's: those of its clients differ.
TAKE = f"""
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local per_s, needed, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local most = per_s * {BURST_S}
local held = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = most
if held[1] then
  tokens = math.min(most, held[1] + math.max(0, now_ms - held[2]) * per_s / 1000)
end
local given, wait_ms = 0, 0
if tokens >= needed then
  given = math.floor(math.min(tokens, wanted))
else
  wait_ms = math.ceil((needed - tokens) * 1000 / per_s)
end
redis.call('HSET', KEYS[1], 'tokens', tokens - given, 'at', now_ms)
redis.call('PEXPIRE', KEYS[1], {(BURST_S + 1) * 1000})
return {{given, wait_ms}}
"""


class Bucket:
    """A bucket of one process, full at first.

    Args:
        per_s: tokens that come in a second.
        now_s: of a clock that never goes back.
    """

    __slots__ = ("_at_s", "_per_s", "_tokens")

    def __init__(self, per_s: int, now_s: float):
        self._per_s = per_s
        self._tokens: float = per_s * BURST_S
        self._at_s = now_s

    def take(self, needed: int, wanted: int, now_s: float) -> tuple[int, int]:
        """The same as the script: how many were given, and the milliseconds until the needed ones are there."""
        self._tokens = min(self._per_s * BURST_S, self._tokens + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        if self._tokens < needed:
            return 0, int((needed - self._tokens) * 1000 / self._per_s) + 1
        given = int(min(self._tokens, wanted))
        self._tokens -= given
        return given, 0
