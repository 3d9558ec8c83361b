"""Equal parts of numbers lie in order between the ends, whatever the numbers are."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.tags.spread import MAX_BUCKETS, bounds_of

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(NUMBERS, NUMBERS, st.integers(1, MAX_BUCKETS))
def test_bounds_lie_in_order_between_the_ends(one: float, other: float, count: int) -> None:
    least, greatest = min(one, other), max(one, other)
    bounds = bounds_of(least, greatest, count)

    assert len(bounds) < count or not bounds
    assert all(before < after for before, after in zip([least, *bounds], [*bounds, greatest], strict=True) if bounds)


@pytest.mark.parametrize(
    ("least", "greatest", "count", "bounds"),
    [
        (0, 10, 5, [2, 4, 6, 8]),
        (-1, 1, 2, [0]),
        (3, 3, 10, []),
        (0, 1, 1, []),
        (-sys.float_info.max, sys.float_info.max, 2, [0]),
    ],
)
def test_parts_are_equal(least: float, greatest: float, count: int, bounds: list[float]) -> None:
    assert bounds_of(least, greatest, count) == pytest.approx(bounds)
