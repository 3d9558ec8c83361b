"""One cell: read as the type that the mapping says, or refused with a reason."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from base.clock import from_datetime, iso
from ingest.imports.mapping import Time, ValueType

_TRUE: Final = frozenset({"true", "t", "yes", "y", "1", "是"})
_FALSE: Final = frozenset({"false", "f", "no", "n", "0", "否"})
_UNIX_MS: Final[Mapping[str, int]] = {"unix_s": 1000, "unix_ms": 1}


class BadCell(ValueError):
    """A cell that is not what the mapping says; the text names the column and the type, never the value."""


def cell(row: Mapping[str, Any], column: str) -> Any:
    """The value of a column, or of a path like `user.id` into nested objects; None when missing, blank or NaN."""
    value = row.get(column)
    if value is None and "." in column and column not in row:
        value = row
        for key in column.split("."):
            value = value.get(key) if isinstance(value, dict) else None
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, float) and math.isnan(value):
        return None
    return value


def read(value: Any, column: str, wanted: ValueType, zone: ZoneInfo) -> Any:
    """A value that is not None as the wanted type, ready for JSON.

    Raises:
        BadCell: it is not of that type.
    """
    try:
        match wanted:
            case "auto":
                return _native(value, zone)
            case "text":
                return text_of(value)
            case "integer":
                return int(value) if isinstance(value, str) else _exact_int(value)
            case "number":
                return _finite(float(value))
            case "boolean":
                return _boolean(value)
            case "time":
                return iso(instant_ms(value, "iso", zone))
            case "json":
                return msgspec.json.decode(value) if isinstance(value, str) else _native(value, zone)
    except (ValueError, TypeError, OverflowError) as fault:
        raise BadCell(f"column {column} is not of type {wanted}") from fault


def text_of(value: Any) -> str:
    """A value as text; whole numbers without a decimal point, since spreadsheets turn ids into floats."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (bytes, list, dict)):
        raise TypeError("not a scalar")
    return str(value)


def time_ms(value: Any, time: Time, zone: ZoneInfo) -> int:
    """The instant of a row.

    Raises:
        BadCell: the value is no time in the mapping's format.
    """
    try:
        return instant_ms(value, time.format, zone)
    except (ValueError, TypeError, OverflowError) as fault:
        raise BadCell(f"column {time.column} is no time of the format {time.format}") from fault


def instant_ms(value: Any, format: str, zone: ZoneInfo) -> int:
    """The instant that a value names; texts and dates without a zone are in `zone`.

    Raises:
        ValueError: it names none.
    """
    if isinstance(value, dt.datetime):
        at = value
    elif isinstance(value, dt.date):
        at = dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001 - the zone is given below
    elif (unit_ms := _UNIX_MS.get(format)) is not None:
        return math.floor(_finite(float(value)) * unit_ms)
    elif format == "iso":
        at = dt.datetime.fromisoformat(text_of(value))
    else:
        at = dt.datetime.strptime(text_of(value), format)  # noqa: DTZ007 - the zone is given below
    return from_datetime(at if at.tzinfo is not None else at.replace(tzinfo=zone))


def _native(value: Any, zone: ZoneInfo) -> Any:
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else _finite(float(value))
        case dt.datetime():
            return iso(from_datetime(value if value.tzinfo is not None else value.replace(tzinfo=zone)))
        case dt.date() | dt.time():
            return value.isoformat()
        case dt.timedelta():
            return value / dt.timedelta(seconds=1)
        case bytes():
            return value.decode()
        case float():
            return _finite(value)
        case list():
            return [_native(inner, zone) for inner in value]
        case dict():
            return {str(key): _native(inner, zone) for key, inner in value.items()}
        case _:
            return value


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number


def _exact_int(value: Any) -> int:
    if int(value) != value:
        raise ValueError("not a whole number")
    return int(value)


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = text_of(value).lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError("neither true nor false")
