"""Rule documents (the GraphQL `RuleInput` shape) to trees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeVar

from base.clock import from_datetime
from base.errors import BadInput
from rules.checker import structure_problems
from rules.durations import BadDuration, parse_duration_ms
from rules.limits import MAX_DEPTH, MAX_LEAVES, MAX_WHERE
from rules.operators import MAX_VALUES, MeasureKind, Operator
from rules.printer import print_rule
from rules.tree import (
    COUNT,
    All,
    Any_,
    AttributeLeaf,
    Between,
    DaysAgo,
    EventLeaf,
    Everyone,
    Last,
    LastDays,
    Measure,
    Not,
    PropertyCondition,
    Rule,
    Scalar,
    SegmentLeaf,
    TagLeaf,
    Window,
)
from rules.values import as_time_ms

__all__ = ["parse_rule", "print_rule"]

Name = TypeVar("Name", bound=StrEnum)
Document = Mapping[str, object]

_KINDS: Final = ("all", "any", "not", "everyone", "attribute", "event", "tag", "segment")
_WINDOWS: Final = ("last", "lastDays", "between", "daysAgo")


def parse_rule(document: object, field: str = "rule") -> Rule:
    """The tree of a document; what is returned can be evaluated, and `check` asks only for known names.

    Args:
        document: JSON-like, with the keys of `RuleInput`; a key with a null is as good as none.
        field: the path of the document in its request, the beginning of the path in errors.

    Raises:
        BadInput: the first fault, with its path and a hint.
    """
    rule = _Parser().rule(document, field, depth=1)
    for problem in structure_problems(rule, field):
        raise BadInput(problem.message, hint=problem.hint, field=problem.field)
    return rule


class _Parser:
    """Counts while it reads, so that a document far too large stops early."""

    def __init__(self) -> None:
        self._leaves = 0

    def rule(self, document: object, field: str, depth: int) -> Rule:
        if depth > MAX_DEPTH:
            raise BadInput(
                f"A rule is at most {MAX_DEPTH} levels deep.", hint="Put a part into a segment.", field=field
            )
        kind, body = _only_key(document, _KINDS, field)
        here = f"{field}.{kind}"
        match kind:
            case "all":
                return All(self._rules(body, here, depth))
            case "any":
                return Any_(self._rules(body, here, depth))
            case "not":
                return Not(self.rule(body, here, depth + 1))
            case "everyone":
                if body is not True:
                    raise BadInput("Only true can be said here.", hint="Write {not: …} for a complement.", field=here)
                return Everyone()
            case "attribute":
                self._count(here)
                return _attribute(body, here)
            case "event":
                self._count(here)
                return _event(body, here)
            case "tag":
                self._count(here)
                return _tag(body, here)
            case _:
                self._count(here)
                return SegmentLeaf(_text(body, here))

    def _rules(self, body: object, field: str, depth: int) -> tuple[Rule, ...]:
        return tuple(
            self.rule(child, f"{field}.{position}", depth + 1)
            for position, child in enumerate(_list(body, field, MAX_LEAVES))
        )

    def _count(self, field: str) -> None:
        self._leaves += 1
        if self._leaves > MAX_LEAVES:
            raise BadInput(
                f"A rule has at most {MAX_LEAVES} conditions.",
                hint="Use IN, or put a part into a segment.",
                field=field,
            )


def _attribute(body: object, field: str) -> AttributeLeaf:
    name, op, values = _condition(body, field, "name")
    return AttributeLeaf(name, op, values)


def _tag(body: object, field: str) -> TagLeaf:
    key, op, values = _condition(body, field, "key")
    return TagLeaf(key, op, values)


def _property(body: object, field: str) -> PropertyCondition:
    name, op, values = _condition(body, field, "name")
    return PropertyCondition(name, op, values)


def _condition(body: object, field: str, of: str) -> tuple[str, Operator, tuple[Scalar, ...]]:
    keys = _keys(body, (of, "op", "values"), field)
    return (
        _text(keys.get(of), f"{field}.{of}"),
        _named(Operator, keys.get("op"), f"{field}.op"),
        _values(keys.get("values", []), f"{field}.values"),
    )


def _event(body: object, field: str) -> EventLeaf:
    keys = _keys(body, ("name", "where", "measure", "op", "values", "window"), field)
    where = _list(keys.get("where", []), f"{field}.where", MAX_WHERE)
    return EventLeaf(
        name=_text(keys.get("name"), f"{field}.name"),
        where=tuple(_property(each, f"{field}.where.{position}") for position, each in enumerate(where)),
        measure=_measure(keys["measure"], f"{field}.measure") if "measure" in keys else COUNT,
        op=_named(Operator, keys.get("op", Operator.GTE), f"{field}.op"),
        values=_values(keys.get("values", [1]), f"{field}.values"),
        window=_window(keys["window"], f"{field}.window") if "window" in keys else None,
    )


def _measure(body: object, field: str) -> Measure:
    keys = _keys(body, ("kind", "property"), field)
    of = keys.get("property")
    return Measure(
        _named(MeasureKind, keys.get("kind", MeasureKind.COUNT), f"{field}.kind"),
        None if of is None else _text(of, f"{field}.property"),
    )


def _window(body: object, field: str) -> Window:
    kind, value = _only_key(body, _WINDOWS, field)
    here = f"{field}.{kind}"
    if kind == "last":
        try:
            return Last(parse_duration_ms(_text(value, here)))
        except BadDuration as fault:
            raise BadInput(str(fault), hint=fault.hint, field=here) from None
    if kind == "lastDays":
        return LastDays(_whole(value, here))
    keys = _keys(value, ("from", "to"), here)
    read: Callable[[object, str], int] = _whole if kind == "daysAgo" else _time
    ends = read(keys.get("from"), f"{here}.from"), read(keys.get("to"), f"{here}.to")
    return DaysAgo(*ends) if kind == "daysAgo" else Between(*ends)


def _keys(body: object, allowed: tuple[str, ...], field: str) -> Document:
    """The given keys that are not null."""
    if not isinstance(body, Mapping):
        raise BadInput("This has to be an object.", hint=f"Its keys are {', '.join(allowed)}.", field=field)
    given = {key: value for key, value in body.items() if value is not None}
    for key in given:
        if key not in allowed:
            raise BadInput("There is a key that is not known.", hint=f"Use {', '.join(allowed)}.", field=field)
    return given


def _only_key(body: object, allowed: tuple[str, ...], field: str) -> tuple[str, object]:
    given = _keys(body, allowed, field)
    if len(given) != 1:
        raise BadInput("Exactly one key has to be given.", hint=f"Use one of {', '.join(allowed)}.", field=field)
    return next(iter(given.items()))


def _list(value: object, field: str, most: int) -> list[object] | tuple[object, ...]:
    if not isinstance(value, list | tuple):
        raise BadInput("This has to be a list.", field=field)
    if len(value) > most:
        raise BadInput(f"At most {most:,} entries.", hint="Put a part into a segment.", field=field)
    return value


def _text(value: object, field: str) -> str:
    if not isinstance(value, str):
        raise BadInput("This has to be a text.", field=field)
    return value


def _whole(value: object, field: str) -> int:
    if type(value) is not int:
        raise BadInput("This has to be a whole number.", field=field)
    return value


def _time(value: object, field: str) -> int:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return from_datetime(value)
    at_ms = as_time_ms(value)
    if at_ms is None:
        raise BadInput("This is not a time.", hint="Write for example 2026-07-01T08:30:00Z.", field=field)
    return at_ms


def _named(kind: type[Name], value: object, field: str) -> Name:
    if isinstance(value, str) and value in kind.__members__:
        return kind(value)
    raise BadInput("There is no such name.", hint=f"Use one of {', '.join(kind)}.", field=field)


def _values(value: object, field: str) -> tuple[Scalar, ...]:
    scalars: list[Scalar] = []
    for position, each in enumerate(_list(value, field, MAX_VALUES)):
        if type(each) is str or type(each) is int or type(each) is float or type(each) is bool:
            scalars.append(each)
        else:
            raise BadInput(
                "A value is a text, a number or a boolean.",
                hint="Use SET or NOT_SET to ask whether there is a value.",
                field=f"{field}.{position}",
            )
    return tuple(scalars)
