"""Customers told apart by where they stand among all: shares of customers, and RFM.

Whatever is asked of places becomes one number for each cut, the smallest that still counts. So equal numbers are on the
same side, the better one, and only different numbers are put in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import Final, assert_never

from analytics.query.days import day_expression
from analytics.query.expressions import (
    Condition,
    Table,
    Value,
    at_most,
    counted_down,
    digit,
    first_of,
    mark,
    number,
    total_of,
    value_or_null,
)
from analytics.query.gathering import Gathering
from analytics.query.leaves import measured, passing, times_of
from rules.days import day_of
from rules.tags.definition import RFM_NAMES, RFM_SCORES, Cut, CutBy, Rfm, Share
from rules.tree import COUNT

_CUSTOMER: Final = "customer"
# The columns of recency, frequency and money: of all of them more is better.
_RECENCY, _FREQUENCY, _MONEY = "r", "f", "m"


def shared(numbers: Table, shares: Sequence[Share], gathering: Gathering) -> Table:
    """The name of each customer's share: customer, text, null where the number lies below all.

    Args:
        numbers: customer, number; of all who have one.
    """
    cuts = [Cut(CutBy.TOP_PERCENT, share.top_percent) for share in shares]
    compared = _beside(numbers, {"number": cuts})
    cases = [
        (compared.number >= compared[_bound("number", place)], gathering.asked.engine.text(share.value))
        for place, share in enumerate(shares)
    ]
    return compared.select(_CUSTOMER, text=first_of(cases))


def rfm(definition: Rfm, gathering: Gathering) -> Table | None:
    """The name, or the scores, of everybody who has recency, frequency and money; None where nobody has.

    Returns:
        customer, text.
    """
    numbers = _rfm_numbers(definition, gathering)
    if numbers is None:
        return None
    if definition.cuts is None:
        fifths = [Cut(CutBy.TOP_PERCENT, 100 * fifth / RFM_SCORES) for fifth in range(1, RFM_SCORES)]
        compared = _beside(numbers, {_RECENCY: fifths, _FREQUENCY: fifths, _MONEY: fifths})
        digits = [digit(_score(compared, column, len(fifths))) for column in (_RECENCY, _FREQUENCY, _MONEY)]
        return compared.select(_CUSTOMER, text=reduce(lambda one, other: one + other, digits))
    cuts = definition.cuts
    days = cuts.recency
    # Few days are good: their cut is on the other side of 0, as they are.
    recency = Cut(days.by, -days.number) if days.by is CutBy.VALUE and days.number is not None else days
    compared = _beside(numbers, {_RECENCY: [recency], _FREQUENCY: [cuts.frequency], _MONEY: [cuts.monetary]})
    code = total_of([mark(_is_high(compared, column, 0), weight) for column, weight in _WEIGHTS.items()])
    cases = [
        (code == sum(weight for weight, high in zip(_WEIGHTS.values(), highs, strict=True) if high),
         gathering.asked.engine.text(name))
        for highs, name in RFM_NAMES.items()
    ]  # fmt: skip
    return compared.select(_CUSTOMER, text=first_of(cases))


_WEIGHTS: Final[Mapping[str, int]] = {_RECENCY: 4, _FREQUENCY: 2, _MONEY: 1}


def _rfm_numbers(definition: Rfm, gathering: Gathering) -> Table | None:
    leaf = definition.events
    events, times = gathering.events(leaf.name), times_of(leaf.window, gathering)
    count, money = measured(replace(leaf, measure=COUNT), gathering), measured(leaf, gathering)
    if events is None or count is None or money is None:
        return None
    passes, at_ms = passing(leaf.name, leaf.where, events.rows, gathering), events.rows.at
    last = events.gather(passes, lambda where: at_ms.max(where=where), times)
    customers = gathering.joined(frozenset({events.key}))
    asked = gathering.asked
    ago = day_expression(customers[last], times.first_ms, times.last_ms, asked.zone) - day_of(asked.now_ms, asked.zone)
    columns = {
        _RECENCY: ago.cast("float64"),
        _FREQUENCY: count.value(customers).cast("float64"),
        _MONEY: money.value(customers),
    }
    numbers = customers.select(_CUSTOMER, **columns)
    return numbers.filter(numbers[_MONEY].notnull())


def _beside(numbers: Table, cuts: Mapping[str, Sequence[Cut]]) -> Table:
    """The numbers, and beside them for each column what each of its cuts is."""
    for column, of_column in cuts.items():
        numbers = numbers.cross_join(_bounds(numbers, column, of_column))
    return numbers


def _bounds(numbers: Table, column: str, cuts: Sequence[Cut]) -> Table:
    """One row: the smallest number on the upper side of each cut."""
    counts = numbers.group_by(column).aggregate(count=numbers.count())
    better = counted_down(counts[column], counts["count"])
    placed = counts.mutate(better=better - counts["count"], all=counts["count"].sum().over())
    bounds = {_bound(column, place): _smallest(placed, column, cut) for place, cut in enumerate(cuts)}
    return placed.aggregate(**bounds)


def _smallest(placed: Table, column: str, cut: Cut) -> Value:
    value, limit = placed[column], 0.0 if cut.number is None else float(cut.number)
    match cut.by:
        case CutBy.MEAN:
            whole = (value * placed["count"]).sum() / placed["count"].sum()
            # Rounding must not put the mean of equal numbers above all of them.
            return at_most(whole, value.max())
        case CutBy.VALUE:
            # An aggregate, like the others, for one row.
            return value_or_null(value.count() > 0, number(limit))
        case CutBy.TOP:
            return value.min(where=placed.better < number(limit))
        case CutBy.TOP_PERCENT:
            return value.min(where=placed.better * number(100.0) < placed["all"] * number(limit))
        case _:
            assert_never(cut.by)


def _bound(column: str, place: int) -> str:
    return f"{column}_from{place}"


def _is_high(compared: Table, column: str, place: int) -> Condition:
    return compared[column] >= compared[_bound(column, place)]


def _score(compared: Table, column: str, cut_count: int) -> Value:
    return total_of([mark(_is_high(compared, column, place), 1) for place in range(cut_count)]) + 1
