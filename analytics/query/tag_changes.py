"""Whose value of a tag is another one than the store holds: what has to be written when all values are there anew."""

from __future__ import annotations

from typing import Final

from analytics.query.expressions import Condition, Table, all_of, any_of, negated, or_else, those_there
from analytics.query.sources import Tables
from analytics.store.spread import Kind
from base.clock import iso

_LISTS: Final = (Kind.TEXTS, Kind.NUMBERS, Kind.FLAGS)
_ISO_LENGTH: Final = len(iso(0))


def tag_changes_query(values: Table, tag: str, tables: Tables) -> Table:
    """Customers with another value now, and those who have none any more: customer, then the columns of `values`.

    Lists of several kinds are always among them, since the store does not hold in which order these stand.

    Args:
        values: what `tag_values_query` gave.

    Returns:
        All columns but the customer are null where there is no value any more.
    """
    kinds = [Kind(name) for name in values.columns if name != "customer"]
    held = tables.tag_values()
    held = held.filter(held.tag == tables.engine.text(tag)).drop("tag")
    held = held.rename({f"held_{name}": name for name in held.columns})
    both = values.outer_join(held, values.customer == held.held_customer)
    changed = both.filter(negated(_same(both, kinds, tables)))
    customer = or_else(changed.customer, changed.held_customer)
    return changed.select(customer=customer, **{kind.value: changed[kind.value] for kind in kinds})


def _same(both: Table, kinds: list[Kind], tables: Tables) -> Condition:
    """The two values are known to be the same; null and false where there is but one."""
    (kind, *others) = kinds
    if kind is Kind.INSTANT:
        # As a time of day is written; another text may name the same instant.
        written = tables.engine.length(both.held_text) == _ISO_LENGTH
        return (both.instant == both.held_instant) & written
    if kind not in _LISTS:
        return both[kind.value] == both[f"held_{kind.value}"]
    present = both[kind.value].notnull() & both.held_other
    alone = [all_of([_is_empty(both, other) for other in kinds if other is not each]) for each in kinds]
    equal = [_lists_equal(both, each) if each in kinds else _held_is_empty(both, each) for each in _LISTS]
    return all_of([present, any_of(alone) if others else present, *equal])


def _lists_equal(both: Table, kind: Kind) -> Condition:
    held = both[f"held_{kind.value}"]
    own = those_there(both[kind.value])
    return or_else(own == held, held.isnull() & (own.length() == 0))


def _held_is_empty(both: Table, kind: Kind) -> Condition:
    return both[f"held_{kind.value}"].isnull()


def _is_empty(both: Table, kind: Kind) -> Condition:
    return those_there(both[kind.value]).length() == 0
