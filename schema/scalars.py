"""Scalars of the public schema. Inside, times are whole milliseconds and JSON is plain Python or encoded text."""

from __future__ import annotations

from typing import NewType

from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition
from strawberry.types.scalar import scalar as define

from base.clock import iso, parse_iso_ms

JSON = NewType("JSON", object)
DateTime = NewType("DateTime", int)
Duration = NewType("Duration", str)


def _as_is(value: object) -> object:
    return value


def _parse_time(value: object) -> int:
    if not isinstance(value, str):
        raise GraphQLError("DateTime needs an ISO 8601 text, for example 2026-07-01T08:30:00Z.")
    try:
        return parse_iso_ms(value)
    except ValueError:
        raise GraphQLError("DateTime needs an ISO 8601 text, for example 2026-07-01T08:30:00Z.") from None


def _parse_duration(value: object) -> str:
    # The rule parser reads it, so that its complaint can name the path inside the rule.
    if not isinstance(value, str):
        raise GraphQLError("Duration needs an ISO 8601 text, for example P30D or PT10S.")
    return value


SCALARS: dict[object, ScalarDefinition] = {
    JSON: define(
        name="JSON",
        description="Any JSON value: object, list, text, number, boolean or null.",
        serialize=_as_is,
        parse_value=_as_is,
    ),
    DateTime: define(
        name="DateTime",
        description="An instant, ISO 8601 in UTC with milliseconds. Input without a zone is read as UTC.",
        serialize=iso,
        parse_value=_parse_time,
    ),
    Duration: define(
        name="Duration",
        description="An ISO 8601 duration, for example `P30D` or `PT10S`.",
        serialize=_as_is,
        parse_value=_parse_duration,
    ),
}
