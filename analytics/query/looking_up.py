"""Who has certain values of an attribute."""

from __future__ import annotations

from collections.abc import Iterable

from analytics.engines.port import Reader
from analytics.query.expressions import any_of, number, one_of, table
from analytics.store.spread import Kind, stored_text
from analytics.store.tables import CUSTOMERS, Layout
from rules.values import as_number


def customers_with(reader: Reader, layout: Layout, attribute: str, texts: Iterable[str]) -> list[tuple[str, str]]:
    """(text, customer's id) of everybody whose value of the attribute is one of the texts, or the number it spells."""
    columns = layout.attributes.get(stored_text(attribute), {})
    kinds = [kind for kind in (Kind.TEXT, Kind.NUMBER) if kind in columns]
    by_text = {stored_text(text): text for text in texts}
    by_number: dict[float, list[str]] = {}
    for text in by_text.values():
        if (found := _number(text)) is not None:
            by_number.setdefault(found, []).append(text)
    wanted = {
        Kind.TEXT: [reader.engine.text(text) for text in by_text],
        Kind.NUMBER: [number(each) for each in by_number],
    }
    kinds = [kind for kind in kinds if wanted[kind]]
    if not kinds:
        return []
    types = {Kind.TEXT: "string", Kind.NUMBER: "float64"}
    customers = table(CUSTOMERS, {"id": "string", **{columns[kind]: types[kind] for kind in kinds}})
    found_rows = customers.filter(any_of([one_of(customers[columns[kind]], wanted[kind]) for kind in kinds])).select(
        "id", **{kind.value: customers[columns[kind]] for kind in kinds}
    )
    rows = reader.rows(found_rows)
    pairs: list[tuple[str, str]] = []
    for customer, *values in rows:
        for kind, value in zip(kinds, values, strict=True):
            if kind is Kind.TEXT and value in by_text:
                pairs.append((by_text[value], customer))
            elif kind is Kind.NUMBER:
                pairs += [(text, customer) for text in by_number.get(value, ())]
    return pairs


def _number(text: str) -> float | None:
    try:
        found = as_number(float(text))
    except ValueError:
        return None
    return None if found is None else float(found)
