"""Equal parts between two numbers, each with its beginning and without its end, the last one with both. Pure."""

from __future__ import annotations

from typing import Final

MAX_BUCKETS: Final = 20


def bounds_of(least: float, greatest: float, count: int) -> list[float]:
    """What parts the numbers from `least` to `greatest` into `count` equal parts, ascending; none where they are one.

    Fewer where doubles lie so close that two bounds would be the same.
    """
    # Halved first: the whole may be out of the range of doubles.
    step = greatest / count - least / count
    bounds = {least + step * place for place in range(1, count)}
    return sorted(bound for bound in bounds if least < bound < greatest)
