"""Rule documents (the GraphQL `RuleInput` shape) to trees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, assert_never

from base.errors import BadInput
from rules import documents
from rules.checker import structure_problems
from rules.limits import MAX_DEPTH, MAX_LEAVES, MAX_STEP_ENTRIES, MAX_WHERE
from rules.operators import HabitKind, MeasureKind, Operator
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
    FirstTime,
    Habit,
    HabitLeaf,
    Last,
    LastDays,
    ListLeaf,
    Measure,
    Not,
    PropertyCondition,
    Regularly,
    Restarted,
    Rule,
    Scalar,
    SegmentLeaf,
    SequenceLeaf,
    Step,
    Stopped,
    TagLeaf,
    Window,
    conditions_in,
)

__all__ = ["parse_rule", "print_rule"]

_KINDS: Final = ("all", "any", "not", "everyone", "attribute", "event", "sequence", "habit", "tag", "segment", "list")
# What the body of each habit says beside its name and filter.
_HABITS: Final[dict[HabitKind, tuple[str, ...]]] = {
    HabitKind.FIRST_TIME: ("window",),
    HabitKind.STOPPED: ("window", "recent"),
    HabitKind.RESTARTED: ("window", "recent"),
    HabitKind.REGULARLY: ("periods",),
}
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
        kind, body = documents.only_key(document, _KINDS, field)
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
            case "sequence":
                leaf = _sequence(body, here)
                self._count(here, conditions_in(leaf))
                return leaf
            case "habit":
                self._count(here)
                return _habit(body, here)
            case "tag":
                self._count(here)
                return _tag(body, here)
            case "list":
                self._count(here)
                return ListLeaf(documents.text(body, here))
            case _:
                self._count(here)
                return SegmentLeaf(documents.text(body, here))

    def _rules(self, body: object, field: str, depth: int) -> tuple[Rule, ...]:
        return tuple(
            self.rule(child, f"{field}.{position}", depth + 1)
            for position, child in enumerate(documents.list_of(body, field, MAX_LEAVES))
        )

    def _count(self, field: str, conditions: int = 1) -> None:
        self._leaves += conditions
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
    keys = documents.keys_of(body, (of, "op", "values"), field)
    return (
        documents.text(keys.get(of), f"{field}.{of}"),
        documents.named(Operator, keys.get("op"), f"{field}.op"),
        documents.scalars(keys.get("values", []), f"{field}.values"),
    )


def _event(body: object, field: str) -> EventLeaf:
    keys = documents.keys_of(body, ("name", "where", "measure", "op", "values", "window"), field)
    return EventLeaf(
        name=documents.text(keys.get("name"), f"{field}.name"),
        where=_where(keys, field),
        measure=_measure(keys["measure"], f"{field}.measure") if "measure" in keys else COUNT,
        op=documents.named(Operator, keys.get("op", Operator.GTE), f"{field}.op"),
        values=documents.scalars(keys.get("values", [1]), f"{field}.values"),
        window=_window(keys["window"], f"{field}.window") if "window" in keys else None,
    )


def _where(keys: Mapping[str, object], field: str) -> tuple[PropertyCondition, ...]:
    where = documents.list_of(keys.get("where", []), f"{field}.where", MAX_WHERE)
    return tuple(_property(each, f"{field}.where.{position}") for position, each in enumerate(where))


def _sequence(body: object, field: str) -> SequenceLeaf:
    keys = documents.keys_of(body, ("steps", "within", "window"), field)
    steps = documents.list_of(keys.get("steps"), f"{field}.steps", MAX_STEP_ENTRIES)
    return SequenceLeaf(
        steps=tuple(_step(each, f"{field}.steps.{position}") for position, each in enumerate(steps)),
        within_ms=documents.duration_ms(keys.get("within"), f"{field}.within"),
        window=_window(keys["window"], f"{field}.window") if "window" in keys else None,
    )


def _step(body: object, field: str) -> Step:
    keys = documents.keys_of(body, ("event", "where", "not"), field)
    return Step(
        event=documents.text(keys.get("event"), f"{field}.event"),
        where=_where(keys, field),
        negated=documents.flag(keys.get("not", False), f"{field}.not"),
    )


def _habit(body: object, field: str) -> HabitLeaf:
    keys = documents.keys_of(body, ("kind", "name", "where", "window", "recent", "periods"), field)
    kind = documents.named(HabitKind, keys.get("kind"), f"{field}.kind")
    for key in ("window", "recent", "periods"):
        if (key in keys) != (key in _HABITS[kind]):
            takes = " and ".join(_HABITS[kind])
            raise BadInput(f"{kind} takes {takes}.", hint="Give that and nothing else.", field=f"{field}.{key}")
    habit: Habit
    match kind:
        case HabitKind.FIRST_TIME:
            habit = FirstTime(_window(keys["window"], f"{field}.window"))
        case HabitKind.STOPPED | HabitKind.RESTARTED:
            parts = _window(keys["window"], f"{field}.window"), _window(keys["recent"], f"{field}.recent")
            habit = Stopped(*parts) if kind is HabitKind.STOPPED else Restarted(*parts)
        case HabitKind.REGULARLY:
            habit = _periods(keys["periods"], f"{field}.periods")
        case _:
            assert_never(kind)
    return HabitLeaf(documents.text(keys.get("name"), f"{field}.name"), habit, _where(keys, field))


def _periods(body: object, field: str) -> Regularly:
    keys = documents.keys_of(body, ("days", "last", "atLeast", "times"), field)
    return Regularly(
        days=documents.whole(keys.get("days"), f"{field}.days"),
        last=documents.whole(keys.get("last"), f"{field}.last"),
        at_least=documents.whole(keys.get("atLeast"), f"{field}.atLeast"),
        times=documents.whole(keys.get("times", 1), f"{field}.times"),
    )


def _measure(body: object, field: str) -> Measure:
    keys = documents.keys_of(body, ("kind", "property"), field)
    of = keys.get("property")
    return Measure(
        documents.named(MeasureKind, keys.get("kind", MeasureKind.COUNT), f"{field}.kind"),
        None if of is None else documents.text(of, f"{field}.property"),
    )


def _window(body: object, field: str) -> Window:
    kind, value = documents.only_key(body, _WINDOWS, field)
    here = f"{field}.{kind}"
    if kind == "last":
        return Last(documents.duration_ms(value, here))
    if kind == "lastDays":
        return LastDays(documents.whole(value, here))
    keys = documents.keys_of(value, ("from", "to"), here)
    read: Callable[[object, str], int] = documents.whole if kind == "daysAgo" else documents.time_ms
    ends = read(keys.get("from"), f"{here}.from"), read(keys.get("to"), f"{here}.to")
    return DaysAgo(*ends) if kind == "daysAgo" else Between(*ends)
