"""A cell, or a value of JSON, as a value of a tag of some type. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from base.clock import iso
from ingest.imports.values import instant_ms, read, text_of
from rules.limits import MAX_TEXT_LENGTH
from rules.problems import text_fault
from rules.tags.compiled import TagValue
from rules.tree import Scalar
from rules.type_problems import ValueType
from rules.values import Number, as_number

# A longer list is no value that people look at.
MAX_LIST_VALUES: Final = 100
# Between the values of a list in one cell.
SEPARATOR: Final = ";"
_NUMBER: Final = re.compile(r"[+-]?(\d{1,300}(\.\d{0,300})?|\.\d{1,300})([eE][+-]?\d{1,3})?")


def tag_value(value: Any, wanted: ValueType, zone: ZoneInfo) -> TagValue | None:
    """The value in the form that tags have; None where there is none, or none of this type.

    Texts are read as files have them: `1.5`, `yes`, `2026-07-01`, `a;b` or `["a", "b"]`.

    Args:
        zone: of times that name none.
    """
    if isinstance(value, str):
        value = value.strip()
    if value is None or value == "":
        return None
    try:
        match wanted:
            case ValueType.STRING:
                return None if isinstance(value, bool) else _text(text_of(value))
            case ValueType.NUMBER:
                return _number(value)
            case ValueType.BOOLEAN:
                return bool(read(value, "value", "boolean", zone))
            case ValueType.TIME:
                return None if isinstance(value, int | float) else iso(instant_ms(value, "iso", zone))
            case ValueType.LIST:
                return _list(value)
            case _:
                return None
    except (ValueError, TypeError, OverflowError):
        return None


def _text(text: str) -> str | None:
    return text if 0 < len(text) <= MAX_TEXT_LENGTH and text_fault(text) is None else None


def _number(value: Any) -> Number | None:
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value):
            return None
        value = Decimal(value)
    if isinstance(value, Decimal):
        value = int(value) if value == value.to_integral_value() and abs(value) < 1e300 else float(value)
    number = as_number(value)
    # 3 and 3.0 are one number; what is too large for whole numbers stays a double.
    return int(number) if isinstance(number, float) and number.is_integer() and abs(number) < 2**53 else number


def _list(value: Any) -> TagValue | None:
    if isinstance(value, str):
        value = msgspec.json.decode(value) if value.startswith("[") else value.split(SEPARATOR)
    if not isinstance(value, list | tuple):
        return None
    found: list[Scalar] = []
    for item in _given(value):
        scalar = item if type(item) is bool else _text(item) if isinstance(item, str) else as_number(item)
        if scalar is None:
            return None
        if not any(scalar == known and type(scalar) is type(known) for known in found):
            found.append(scalar)
        if len(found) > MAX_LIST_VALUES:
            return None
    return found or None


def _given(items: Iterable[Any]) -> Iterable[Any]:
    for item in items:
        stripped = item.strip() if isinstance(item, str) else item
        if stripped is not None and stripped != "":
            yield stripped
