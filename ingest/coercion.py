"""A value of another type made one of the type that its name has, by the table of docs/registry.md. Pure."""

from __future__ import annotations

from typing import assert_never

import msgspec

from base.clock import iso
from rules.type_problems import ValueType
from rules.values import MAX_EXACT_INTEGER, as_time_ms

# Source: the longest shortest form of a double, -2.2250738585072014E-308, has 24 characters; longer texts are no
# numbers that anybody wrote.
_MAX_NUMBER_CHARS = 32
# Source: ECMA-262, Number::toString: from here on whole doubles are written with an exponent.
_EXPONENT_FROM = 1e21


def coerced(value: object, wanted: ValueType) -> object | None:
    """The value as that type; None when it cannot be made one."""
    match wanted:
        case ValueType.STRING:
            return _as_text(value)
        case ValueType.NUMBER:
            return _as_number(value.strip()) if isinstance(value, str) else None
        case ValueType.BOOLEAN:
            return _as_boolean(value)
        case ValueType.TIME:
            at_ms = as_time_ms(value.strip()) if isinstance(value, str) else None
            return None if at_ms is None else iso(at_ms)
        case ValueType.LIST:
            return [value] if isinstance(value, str | int | float) else None
        case ValueType.OBJECT:
            return None
        case _:
            assert_never(wanted)


def _as_text(value: object) -> str | None:
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXPONENT_FROM:
        value = int(value)
    return msgspec.json.encode(value).decode() if isinstance(value, int | float) else None


def _as_number(text: str) -> int | float | None:
    if len(text) > _MAX_NUMBER_CHARS:
        return None
    try:
        number = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return None
    if type(number) is int:
        return number if abs(number) <= MAX_EXACT_INTEGER else None
    return number if type(number) is float else None


def _as_boolean(value: object) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    return None
