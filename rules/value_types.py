"""The type of a value as the registry of names sees it, and the names that a call's documents give values to. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rules.limits import MAX_NAME_LENGTH
from rules.type_problems import ValueType
from rules.values import as_time_ms

# Names of objects in objects in objects: what lies deeper is data of one sender, and nobody's word for something.
MAX_PATH_STEPS = 3
_DATE_CHARS = len("2026-07-01")
_TYPES: Mapping[type, ValueType] = {
    str: ValueType.STRING,
    int: ValueType.NUMBER,
    float: ValueType.NUMBER,
    bool: ValueType.BOOLEAN,
    list: ValueType.LIST,
    dict: ValueType.OBJECT,
}


def type_of(value: object) -> ValueType | None:
    """The type of a decoded JSON value; None for null, which is no value.

    A text is a TIME when it begins with a date with dashes: ISO 8601 also takes `20260701`, which more often is a
    number of something.
    """
    found = _TYPES.get(type(value))
    if found is ValueType.STRING and isinstance(value, str) and _looks_like_time(value):
        return ValueType.TIME
    return found


def fits(found: ValueType, wanted: ValueType) -> bool:
    """Whether a value of the one type is one of the other: a text that looks like a time is a text all the same."""
    return found is wanted or (found is ValueType.TIME and wanted is ValueType.STRING)


def named_values(document: Mapping[str, object], prefix: str = "", steps: int = 1) -> Iterator[tuple[str, object]]:
    """(name, value) of everything in a document that rules can name; what lies in objects has a path with dots.

    Nulls, names that no rule can have, and what lies too deep are left out.
    """
    for key, value in document.items():
        if value is None:
            continue
        name = prefix + key if prefix else key
        if not 0 < len(name) <= MAX_NAME_LENGTH:
            continue
        yield name, value
        if type(value) is dict and steps < MAX_PATH_STEPS:
            yield from named_values(value, f"{name}.", steps + 1)


def _looks_like_time(text: str) -> bool:
    return len(text) >= _DATE_CHARS and text[4] == "-" and text[7] == "-" and as_time_ms(text) is not None
