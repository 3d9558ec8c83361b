"""Slows down whoever guesses: by phone number and by address, for all processes, in Valkey."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from base.errors import ErrorCode, KithError, Unavailable
from base.keys import Keyring
from base.valkey import SIGN_IN_PREFIX

# So many tries are free; each further one waits twice as long as the one before, up to a quarter of an hour.
FREE_OF_USER: Final = 5
FREE_OF_ADDRESS: Final = 50
FIRST_WAIT_MS: Final = 1_000
LONGEST_WAIT_MS: Final = 900_000
# Tries are forgotten after this long without one.
FORGET_MS: Final = 3_600_000
# Who has an IPv6 network has 2^64 addresses.
_NETWORK_BITS: Final = 64

# A try is counted before it is made: many at once are no way around. KEYS: of the user, of the address.
# ARGV: free tries of each, first wait, longest wait, forgotten after (ms). Returns how long to wait, ms.
_ADMIT: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local wait = 0
for _, key in ipairs(KEYS) do
  wait = math.max(wait, tonumber(redis.call('HGET', key, 'until') or 0) - now)
end
if wait > 0 then return wait end
for place, key in ipairs(KEYS) do
  local over = redis.call('HINCRBY', key, 'tries', 1) - ARGV[place]
  if over >= 0 then
    redis.call('HSET', key, 'until', now + math.min(ARGV[4], ARGV[3] * 2 ^ math.min(over, 30)))
  end
  redis.call('PEXPIRE', key, ARGV[5])
end
return 0
"""
# The user's tries are forgotten; of the address only this one: an own account must not pay for guessing others'.
_SUCCEED: Final = """
redis.call('DEL', KEYS[1])
if redis.call('HINCRBY', KEYS[2], 'tries', -1) < tonumber(ARGV[1]) then redis.call('HDEL', KEYS[2], 'until') end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
"""


class TooMany(KithError):
    """Somebody has to wait.

    Args:
        wait_s: whole seconds.
    """

    def __init__(self, wait_s: int):
        super().__init__(ErrorCode.RATE_LIMITED, "Too many tries.", hint=f"Try again in {wait_s} s.")
        self.wait_s = wait_s


class Throttle:
    """Counts tries of passwords and codes."""

    def __init__(self, redis: Redis, keyring: Keyring):
        self._redis = redis
        self._keyring = keyring

    async def admit(self, phone: str, address: str) -> None:
        """Count a try, whether there is such a user or not.

        Args:
            phone: blind index.
            address: IP.

        Raises:
            TooMany: it is not to be made.
            Unavailable: Valkey is away; then nobody is let in, for nobody would be counted.
        """
        free = FREE_OF_USER, FREE_OF_ADDRESS
        wait_ms = await self._run(_ADMIT, phone, address, *free, FIRST_WAIT_MS, LONGEST_WAIT_MS, FORGET_MS)
        if wait_ms > 0:
            raise TooMany(-(-int(wait_ms) // 1000))

    async def succeeded(self, phone: str, address: str) -> None:
        """The last try was right.

        Raises:
            Unavailable: Valkey is away.
        """
        await self._run(_SUCCEED, phone, address, FREE_OF_ADDRESS, FORGET_MS)

    async def _run(self, script: str, phone: str, address: str, *given: int) -> Any:
        names = (f"{SIGN_IN_PREFIX}{phone}", f"{SIGN_IN_PREFIX}{self._keyring.uid('user#address', _network(address))}")
        try:
            answer: Any = self._redis.eval(script, len(names), *names, *map(str, given))
            return await answer
        except (RedisError, OSError) as fault:
            raise Unavailable("Redis cannot be reached.") from fault


def _network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(int(parsed) >> (128 - _NETWORK_BITS)) if parsed.ipv4_mapped is None else str(parsed.ipv4_mapped)
    return str(parsed)
