"""How many calls a source may send."""

from __future__ import annotations

from access.meter import Meter
from base.errors import RateLimited
from ingest.faults import IngestCode, Refused

_PREFIX = "source:"


class Intake:
    """Counts calls, not requests: one may hold hundreds.

    Args:
        meter: None: nobody is counted.
        calls_per_s: of each source, in the long run; 0: no limit.
    """

    def __init__(self, meter: Meter | None, calls_per_s: int):
        self._meter = meter
        self._calls_per_s = calls_per_s

    def check(self, source: str) -> None:
        """Refuse before the body is read, which is what costs, where it is known already that it will be.

        Raises:
            Refused: RATE_LIMITED.
        """
        if self._meter is not None and self._calls_per_s:
            try:
                self._meter.check(_PREFIX + source)
            except RateLimited as fault:
                raise _refused(fault) from None

    async def take(self, source: str, calls_count: int) -> None:
        """Count the calls of one request, which are kept or refused together.

        Raises:
            Refused: RATE_LIMITED.
        """
        if self._meter is not None and calls_count:
            try:
                await self._meter.take(_PREFIX + source, self._calls_per_s, calls_count)
            except RateLimited as fault:
                raise _refused(fault) from None


def _refused(fault: RateLimited) -> Refused:
    return Refused(
        IngestCode.RATE_LIMITED,
        "more calls than this source may send in such a time",
        f"Send the same calls again after {fault.retry_after_s} s.",
        retry_after_s=fault.retry_after_s,
    )
