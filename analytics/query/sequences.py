"""Sequences on everybody: the store finds who comes into question, and the pass of `rules/sequences.py` decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from itertools import groupby, pairwise
from operator import itemgetter

import pyarrow as pa

from analytics.query.expressions import Table, Value, all_of, any_of, mark, total_of
from analytics.query.gathering import Gathering
from analytics.query.leaves import passing, times_of
from rules.sequences import filled_steps, is_filled, marked_steps
from rules.tree import SequenceLeaf, Step


def moments_of(leaf: SequenceLeaf, gathering: Gathering) -> Table | None:
    """The events that can have a part in it, of those who have one for each step and can have them in order.

    Returns:
        customer, at, mask (as in `rules.sequences`), by customer and time. None: nobody can.
    """
    by_name: dict[str, list[tuple[int, Step]]] = {}
    for bit, step in marked_steps(leaf):
        by_name.setdefault(step.event, []).append((bit, step))
    tables = {name: _marked(name, steps, leaf, gathering) for name, steps in by_name.items()}
    if any(tables[step.event] is None for step in filled_steps(leaf)):
        return None
    moments = reduce(lambda one, other: one.union(other), [each for each in tables.values() if each is not None])
    return moments.semi_join(_candidates(moments, len(filled_steps(leaf))), "customer").order_by("customer", "at")


def _marked(name: str, steps: list[tuple[int, Step]], leaf: SequenceLeaf, gathering: Gathering) -> Table | None:
    events = gathering.tables.events(name, gathering.few)
    if events is None:
        return None
    conditions = [(bit, passing(name, step.where, events, gathering)) for bit, step in steps]
    # Of one type in all names, to be one table.
    mask = total_of([mark(condition, bit) for bit, condition in conditions]).cast("int32")
    inside = times_of(leaf.window, gathering).hold(events.at)
    return events.filter(inside & any_of([condition for _, condition in conditions])).select(
        "customer", "at", mask=mask
    )


def _candidates(moments: Table, step_count: int) -> Table:
    """Who has an event for each step, none of them only after the last one of the step behind it."""

    def has(step: int) -> Value:
        return moments.mask // (1 << step) % 2 == 1

    firsts = {f"first{step}": moments.at.min(where=has(step)) for step in range(step_count)}
    lasts = {f"last{step}": moments.at.max(where=has(step)) for step in range(step_count)}
    ends = moments.group_by("customer").aggregate(**firsts, **lasts)
    in_order = [ends[f"first{step}"] <= ends[f"last{behind}"] for step, behind in pairwise(range(step_count))]
    return ends.filter(all_of(in_order)).select("customer")


def who_fills(leaf: SequenceLeaf, batches: Iterable[pa.RecordBatch]) -> Iterator[int]:
    """The customers whose events fill all steps, from what `moments_of` found."""
    step_count = len(filled_steps(leaf))
    rows = (row for batch in batches for row in zip(*(column.to_pylist() for column in batch.columns), strict=True))
    for customer, moments in groupby(rows, itemgetter(0)):
        if is_filled([(at_ms, mask) for _, at_ms, mask in moments], step_count, leaf.within_ms):
            yield customer
