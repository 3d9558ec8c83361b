"""The fast way of writing instants writes what the plain one does."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from base.clock import MAX_MS, MIN_MS, iso
from schema.execution.plain import write_time


@given(st.integers(MIN_MS, MAX_MS))
@example(MIN_MS)
@example(MAX_MS)
@example(-1)
@example(0)
def test_an_instant_is_written_alike(at_ms: int) -> None:
    assert write_time(at_ms) == iso(at_ms)
