"""Latencies in buckets of 1 %, so that a long run costs no memory and percentiles stay exact enough."""

from __future__ import annotations

import math
from collections import Counter

GROWTH = 1.01
_LOG = math.log(GROWTH)


class Histogram:
    """Durations in seconds, from 1 µs on."""

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self.count = 0
        self.max_s = 0.0

    def add(self, seconds: float) -> None:
        """Count one duration; what is below 1 µs counts as 1 µs."""
        self._buckets[int(math.log(max(seconds, 1e-6) * 1e6) / _LOG)] += 1
        self.count += 1
        self.max_s = max(self.max_s, seconds)

    def merge(self, other: Histogram) -> None:
        """Add another's durations."""
        self._buckets += other._buckets
        self.count += other.count
        self.max_s = max(self.max_s, other.max_s)

    def percentile_ms(self, percent: float) -> float:
        """The duration that `percent` of all do not exceed, within 1 %; NaN when there is none."""
        rank, seen = self.count * percent / 100, 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= rank:
                return float(min(GROWTH ** (bucket + 1) / 1000, self.max_s * 1000))
        return math.nan

    def summary(self) -> dict[str, float]:
        """Count and the usual percentiles in ms."""
        return {
            "count": self.count,
            "p50_ms": round(self.percentile_ms(50), 2),
            "p95_ms": round(self.percentile_ms(95), 2),
            "p99_ms": round(self.percentile_ms(99), 2),
            "max_ms": round(self.max_s * 1000, 2),
        }
