"""The parts of a rule document. Each function gives a part as Python has it, or refuses it with its path.

All raise BadInput, with what was expected, at the field that they are told.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from base.clock import from_datetime
from base.errors import BadInput
from rules.durations import BadDuration, parse_duration_ms
from rules.operators import MAX_VALUES
from rules.tree import Scalar
from rules.values import as_time_ms

Name = TypeVar("Name", bound=StrEnum)


def keys_of(body: object, allowed: tuple[str, ...], field: str) -> Mapping[str, object]:
    """The given keys that are not null."""
    if not isinstance(body, Mapping):
        raise BadInput("This has to be an object.", hint=f"Its keys are {', '.join(allowed)}.", field=field)
    given = {key: value for key, value in body.items() if value is not None}
    for key in given:
        if key not in allowed:
            raise BadInput("There is a key that is not known.", hint=f"Use {', '.join(allowed)}.", field=field)
    return given


def only_key(body: object, allowed: tuple[str, ...], field: str) -> tuple[str, object]:
    """The one key that is given, and its value."""
    given = keys_of(body, allowed, field)
    if len(given) != 1:
        raise BadInput("Exactly one key has to be given.", hint=f"Use one of {', '.join(allowed)}.", field=field)
    return next(iter(given.items()))


def list_of(value: object, field: str, most: int) -> list[object] | tuple[object, ...]:
    """A list of at most so many entries."""
    if not isinstance(value, list | tuple):
        raise BadInput("This has to be a list.", field=field)
    if len(value) > most:
        raise BadInput(f"At most {most:,} entries.", hint="Put a part into a segment.", field=field)
    return value


def text(value: object, field: str) -> str:
    """A text of any length."""
    if not isinstance(value, str):
        raise BadInput("This has to be a text.", field=field)
    return value


def whole(value: object, field: str) -> int:
    """A whole number; a boolean is none."""
    if type(value) is not int:
        raise BadInput("This has to be a whole number.", field=field)
    return value


def time_ms(value: object, field: str) -> int:
    """The instant of an ISO 8601 text, or of a `datetime` with a zone."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return from_datetime(value)
    at_ms = as_time_ms(value)
    if at_ms is None:
        raise BadInput("This is not a time.", hint="Write for example 2026-07-01T08:30:00Z.", field=field)
    return at_ms


def named(kind: type[Name], value: object, field: str) -> Name:
    """A member of an enumeration by its name."""
    if isinstance(value, str) and value in kind.__members__:
        return kind(value)
    raise BadInput("There is no such name.", hint=f"Use one of {', '.join(kind)}.", field=field)


def flag(value: object, field: str) -> bool:
    """A boolean."""
    if type(value) is not bool:
        raise BadInput("This has to be true or false.", field=field)
    return value


def duration_ms(value: object, field: str) -> int:
    """The length of an ISO 8601 duration."""
    try:
        return parse_duration_ms(text(value, field))
    except BadDuration as fault:
        raise BadInput(str(fault), hint=fault.hint, field=field) from None


def scalars(value: object, field: str) -> tuple[Scalar, ...]:
    """The values of an operator."""
    return tuple(
        scalar(each, f"{field}.{position}", hint="Use SET or NOT_SET to ask whether there is a value.")
        for position, each in enumerate(list_of(value, field, MAX_VALUES))
    )


def scalar(value: object, field: str, *, hint: str | None = None) -> Scalar:
    """A text, a number or a boolean."""
    if type(value) is str or type(value) is int or type(value) is float or type(value) is bool:
        return value
    raise BadInput("A value is a text, a number or a boolean.", hint=hint, field=field)
