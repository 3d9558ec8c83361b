"""Refuses a rule whose names a store has had no room for: it would take them for names without values."""

from __future__ import annotations

from analytics.store.tables import CUSTOMERS, EVENT_TABLES, Layout
from base.errors import BadInput
from rules.tree import AttributeLeaf, EventLeaf, HabitLeaf, PropertyCondition, Rule, SequenceLeaf, leaves_of


def check_known(rule: Rule, layout: Layout) -> None:
    """Raises:
    BadInput: an attribute, an event or a property is not in the store, though it may have values.
    """
    for leaf in leaves_of(rule):
        if isinstance(leaf, AttributeLeaf):
            if leaf.name not in layout.attributes and CUSTOMERS in layout.incomplete:
                raise _unknown("attribute", leaf.name)
        elif isinstance(leaf, EventLeaf):
            measured = () if leaf.measure.property is None else (leaf.measure.property,)
            _check_event(layout, leaf.name, leaf.where, measured)
        elif isinstance(leaf, HabitLeaf):
            _check_event(layout, leaf.name, leaf.where)
        elif isinstance(leaf, SequenceLeaf):
            for step in leaf.steps:
                _check_event(layout, step.event, step.where)


def _check_event(
    layout: Layout, name: str, where: tuple[PropertyCondition, ...], measured: tuple[str, ...] = ()
) -> None:
    found = layout.events.get(name)
    if found is None:
        if EVENT_TABLES in layout.incomplete:
            raise _unknown("event", name)
        return
    for path in (*(condition.name for condition in where), *measured):
        if path not in found.columns and found.table in layout.incomplete:
            raise _unknown("property", path)


def _unknown(what: str, name: str) -> BadInput:
    return BadInput(
        f"The {what} {name!r} is not in the columnar store, which has no room for more names.",
        hint="Names must not hold data, such as ids or dates. A segment with this rule is evaluated on the graph.",
    )
