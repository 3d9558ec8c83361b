"""Rules as clients write them. Shape only: rules/ says what they mean and refuses what makes no sense."""

from __future__ import annotations

import dataclasses
from enum import StrEnum

import strawberry

from base.clock import iso
from rules.operators import HabitKind, MeasureKind, Operator
from schema.scalars import JSON, DateTime, Duration

strawberry.enum(Operator, description="A comparison; docs/api.md says which values each takes.")
strawberry.enum(
    HabitKind,
    description="For the first time ever in the window; regularly; no longer in its recent part; again after a pause.",
)
strawberry.enum(MeasureKind, description="What is computed over the events that pass the filter.")

# Python names that GraphQL spells otherwise, and instants, which rules carry as ISO 8601 text.
_SPELLING = {
    "not_": "not",
    "from_": "from",
    "last_days": "lastDays",
    "days_ago": "daysAgo",
    "at_least": "atLeast",
    "first_last": "firstLast",
    "top_percent": "topPercent",
}


@strawberry.input(description="From (included) to (excluded).")
class TimeRange:
    from_: DateTime = strawberry.field(name="from")
    to: DateTime


@strawberry.input(description="Calendar days before today, both included: {from: 4, to: 1}.")
class DayRange:
    from_: int = strawberry.field(name="from")
    to: int


@strawberry.input(one_of=True, description="Which events count by their time; without it, all do.")
class WindowInput:
    last: Duration | None = strawberry.field(
        default=strawberry.UNSET, description="Slides to the millisecond: `P30D`, `PT10S`."
    )
    last_days: int | None = strawberry.field(
        default=strawberry.UNSET, description="Calendar days up to today, which is the first of them."
    )
    between: TimeRange | None = strawberry.UNSET
    days_ago: DayRange | None = strawberry.UNSET


@strawberry.input
class MeasureInput:
    kind: MeasureKind
    property: str | None = strawberry.UNSET


@strawberry.input(description="A condition on a property of an event.")
class PropertyCondition:
    name: str
    op: Operator
    values: list[JSON] | None = strawberry.field(default_factory=list)


@strawberry.input(description="A condition on an attribute of the customer.")
class AttributeCondition:
    name: str
    op: Operator
    values: list[JSON] | None = strawberry.field(default_factory=list)


@strawberry.input(description="A measure of one event, compared: at least once, unless said otherwise.")
class EventCondition:
    name: str
    where: list[PropertyCondition] | None = strawberry.field(default=strawberry.UNSET, description="All must hold.")
    measure: MeasureInput | None = strawberry.field(default_factory=lambda: MeasureInput(kind=MeasureKind.COUNT))
    op: Operator | None = Operator.GTE
    values: list[JSON] | None = strawberry.field(default_factory=lambda: [JSON(1)])
    window: WindowInput | None = strawberry.UNSET


@strawberry.input(description="An event of a sequence.")
class SequenceStep:
    event: str
    where: list[PropertyCondition] | None = strawberry.field(default=strawberry.UNSET, description="All must hold.")
    not_: bool | None = strawberry.field(
        name="not", default=False, description="None such between the step before and the step after."
    )


@strawberry.input(description="Different events in the order of time.")
class SequenceCondition:
    steps: list[SequenceStep] = strawberry.field(description="2 to 10, and at most one with `not` between two.")
    within: Duration = strawberry.field(description="The last step is at most that long after the first.")
    window: WindowInput | None = strawberry.field(
        default=strawberry.UNSET, description="All of its events lie inside; without it, at any time."
    )


@strawberry.input(description="Periods of calendar days, of which the newest ends with today.")
class PeriodsInput:
    days: int = strawberry.field(description="The length of a period.")
    last: int = strawberry.field(description="How many periods are looked at, the newest ones.")
    at_least: int = strawberry.field(description="How many of them have to have enough events.")
    times: int | None = strawberry.field(default=1, description="How many events are enough.")


@strawberry.input(description="How the occurrences of one event lie in time.")
class HabitCondition:
    kind: HabitKind
    name: str
    where: list[PropertyCondition] | None = strawberry.field(default=strawberry.UNSET, description="All must hold.")
    window: WindowInput | None = strawberry.field(
        default=strawberry.UNSET, description="For all but `REGULARLY`; `last` or `lastDays` where there is `recent`."
    )
    recent: WindowInput | None = strawberry.field(
        default=strawberry.UNSET, description="For `STOPPED` and `RESTARTED`: the recent part of the window."
    )
    periods: PeriodsInput | None = strawberry.field(default=strawberry.UNSET, description="For `REGULARLY`.")


@strawberry.input(description="A condition on a tag's value.")
class TagCondition:
    key: str
    op: Operator
    values: list[JSON] | None = strawberry.field(default_factory=list)


@strawberry.input(one_of=True, description="A rule: exactly one of its fields.")
class RuleInput:
    all: list[RuleInput] | None = strawberry.UNSET
    any: list[RuleInput] | None = strawberry.UNSET
    not_: RuleInput | None = strawberry.field(name="not", default=strawberry.UNSET)
    everyone: bool | None = strawberry.UNSET
    attribute: AttributeCondition | None = strawberry.UNSET
    event: EventCondition | None = strawberry.UNSET
    sequence: SequenceCondition | None = strawberry.UNSET
    habit: HabitCondition | None = strawberry.UNSET
    tag: TagCondition | None = strawberry.UNSET
    segment: str | None = strawberry.field(default=strawberry.UNSET, description="A segment's key.")


def rule_document(rule: RuleInput) -> dict[str, object]:
    """The plain document that rules.parser reads, with the keys that clients write."""
    document = plain(rule)
    assert isinstance(document, dict)
    return document


def plain(value: object) -> object:
    """An input as plain JSON, with the keys that clients write; what was not given is left out."""
    if isinstance(value, TimeRange):
        return {"from": iso(value.from_), "to": iso(value.to)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            _SPELLING.get(field.name, field.name): plain(part)
            for field in dataclasses.fields(value)
            if (part := getattr(value, field.name)) is not strawberry.UNSET and part is not None
        }
    if isinstance(value, list):
        return [plain(part) for part in value]
    return str(value) if isinstance(value, StrEnum) else value
