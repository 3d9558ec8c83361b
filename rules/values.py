"""Reading values of facts: numbers, times, dates, and paths into nested objects. Nothing here raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from math import inf
from typing import Final, TypeAlias

from base.clock import parse_iso_ms

Number: TypeAlias = int | float
# Source: IEEE 754 binary64; above it neighbouring integers are the same double.
MAX_EXACT_INTEGER: Final = 2**53
_MIN_EXACT_INTEGER: Final = -MAX_EXACT_INTEGER
# The longest ISO 8601 text with microseconds and offset has 35 characters; longer texts are no times, and
# keeping them out bounds the memory of the cache.
_MAX_TIME_LENGTH: Final = 40
_DATE_LENGTH: Final = len("2026-07-01")


def as_number(value: object) -> Number | None:
    """The double that a JSON number is; None for anything else, booleans and non-finite numbers included."""
    if type(value) is int:
        if _MIN_EXACT_INTEGER <= value <= MAX_EXACT_INTEGER:
            return value
        try:
            return float(value)
        except OverflowError:
            return None
    if type(value) is float and -inf < value < inf:
        return value
    return None


@lru_cache(maxsize=65_536)
def _parse_time(text: str) -> int | None:
    try:
        return parse_iso_ms(text)
    except ValueError:
        return None


def as_time_ms(value: object) -> int | None:
    """The instant of an ISO 8601 text, a text without a zone is UTC; None for anything else."""
    if type(value) is str and len(value) <= _MAX_TIME_LENGTH:
        return _parse_time(value)
    return None


def as_plain_date(value: object) -> date | None:
    """The day of a text that names a day and no time (`1990-05-17`); None for anything else."""
    if type(value) is str and len(value) == _DATE_LENGTH and value[4] == value[7] == "-":
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return None


def reader(name: str) -> Callable[[Mapping[str, object]], object]:
    """A function that reads a key, or else a dotted path into nested objects; None when there is no value."""
    if "." not in name:
        return lambda values: values.get(name)
    steps = name.split(".")

    def read(values: Mapping[str, object]) -> object:
        whole = values.get(name)
        if whole is not None:
            return whole
        inner: object = values
        for step in steps:
            if not isinstance(inner, Mapping):
                return None
            inner = inner.get(step)
        return inner

    return read


def keys_read(name: str) -> tuple[str, ...]:
    """The top-level keys that `reader(name)` looks at."""
    return (name, name.split(".", 1)[0]) if "." in name else (name,)
