"""The values of a property that most events have, best first, of everybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from analytics.query.expressions import (
    FALSE,
    Table,
    Value,
    all_of,
    any_of,
    ascending,
    descending,
    empty_list,
    list_of,
    place_among,
    value_or_null,
)
from analytics.query.gathering import Gathering
from analytics.query.leaves import passing, times_of
from analytics.query.sources import Cells
from analytics.store.spread import Kind
from rules.limits import MAX_TEXT_LENGTH
from rules.tags.definition import Preference

# The kinds that rank, and the column of a list's elements of the kind; in the order of equal ones.
_RANKED: Final[Mapping[Kind, Kind]] = {Kind.FLAG: Kind.FLAGS, Kind.NUMBER: Kind.NUMBERS, Kind.TEXT: Kind.TEXTS}


def preferred(definition: Preference, gathering: Gathering) -> Table:
    """Customer, then one column for each kind that elements can have: lists, equally long, null for other kinds."""
    places = _places(definition, gathering)
    if places is None:
        return gathering.tables.customers().filter(FALSE).select("customer", **{Kind.TEXTS.value: empty_list("string")})
    kinds = _kinds_of(places)
    # Sorted lists take an engine several times as long.
    elements = {
        f"{kind.value}{place}": places[kind.value].max(where=places.place == place)
        for kind in kinds
        for place in range(definition.top)
    }
    best = places.group_by("customer").aggregate(length=places.place.max() + 1, **elements)

    def elements_of(kind: Kind) -> Value:
        cells = [_element(best[f"{kind.value}{place}"], kind) for place in range(definition.top)]
        return list_of(cells, best.length)

    return best.select("customer", **{_RANKED[kind].value: elements_of(kind) for kind in kinds})


def _kinds_of(places: Table) -> list[Kind]:
    return [kind for kind in _RANKED if kind.value in places.columns]


def _element(cell: Value, kind: Kind) -> Value:
    return cell.cast("boolean") if kind is Kind.FLAG else cell


def _places(definition: Preference, gathering: Gathering) -> Table | None:
    """The best values of each living customer: customer, a column a kind, place from 0 on; None where nothing ranks."""
    leaf, tables = definition.events, gathering.tables
    events = tables.events(leaf.name)
    if events is None:
        return None
    cells = _ranked(tables.property(events, leaf.name, definition.property), gathering)
    counts = [times_of(leaf.window, gathering).hold(events.at), passing(leaf.name, leaf.where, events, gathering)]
    if not cells:
        return None
    wanted = {kind.value: cell for kind, cell in cells.items()}
    if definition.sum is not None:
        amounts = tables.property(events, leaf.name, definition.sum)
        if Kind.NUMBER not in amounts:
            return None
        wanted["amount"] = amounts[Kind.NUMBER]
        counts.append(amounts[Kind.NUMBER].notnull())
    rows = events.filter(all_of(counts)).select("customer", **wanted)
    rows = rows.filter(any_of([rows[kind.value].notnull() for kind in cells]))
    amount = rows.customer.count() if definition.sum is None else gathering.asked.engine.total(rows.amount)
    ranked = rows.group_by(["customer", *(kind.value for kind in cells)]).aggregate(amount=amount)
    order = [descending(ranked.amount), *(ascending(ranked[kind.value]) for kind in cells)]
    placed = ranked.mutate(place=place_among(ranked, *order, of=ranked.customer))
    return placed.filter(placed.place < definition.top).semi_join(tables.customers(), "customer")


def _ranked(cells: Cells, gathering: Gathering) -> dict[Kind, Value]:
    """Those of a value that rank, in the order of equal ones."""
    found = {kind: cells[kind] for kind in _RANKED if kind in cells}
    if Kind.FLAG in found:
        # A boolean has no greatest for some engines.
        found[Kind.FLAG] = found[Kind.FLAG].cast("int8")
    if Kind.TEXT in found:
        length = gathering.asked.engine.length(found[Kind.TEXT])
        found[Kind.TEXT] = value_or_null((length > 0) & (length <= MAX_TEXT_LENGTH), found[Kind.TEXT])
    return found
