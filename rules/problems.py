"""What can be wrong with the values and the window of one condition, whatever names exist."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from base.clock import MAX_MS, MIN_MS
from rules.durations import DAY_MS, BadDuration, parse_duration_ms
from rules.limits import MAX_ANNIVERSARY_DAYS, MAX_PATTERN_LENGTH, MAX_TEXT_LENGTH, MAX_WINDOW_DAYS
from rules.operators import SHAPES, Operator, ValueKind
from rules.patterns import BadPattern, compile_pattern
from rules.tree import Between, DaysAgo, Last, LastDays, Scalar, Window
from rules.values import MAX_EXACT_INTEGER, as_number, as_time_ms


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault of a rule: the dotted path of the input, one sentence, and what to do (None: it is plain)."""

    field: str
    message: str
    hint: str | None


def text_fault(text: str) -> str | None:
    """Why a text cannot be stored, if so: lone surrogates have no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "This text is not valid Unicode."
    return None


def value_problems(
    op: Operator, values: tuple[Scalar, ...], where: str, *, numbers_only: bool = False
) -> Iterator[Problem]:
    """Count and kind of an operator's values; `numbers_only` for the comparison of a measure."""
    shape = SHAPES[op]
    if not shape.least <= len(values) <= shape.most:
        yield Problem(f"{where}.values", f"{op} takes {_amount(shape.least, shape.most)}.", _amount_hint(op))
        return
    kind: ValueKind = "number" if numbers_only else shape.kind
    for position, value in enumerate(values):
        problem = _value_problem(kind, value, f"{where}.values.{position}")
        if problem is not None:
            yield problem
            return
    if len({_type_name(value) for value in values}) > 1:
        yield Problem(f"{where}.values", "The values are of different types.", "Give values of one type.")
    elif op is Operator.BETWEEN and not _ascending(values[0], values[1]):
        yield Problem(f"{where}.values", "The first value lies above the second.", "Exchange them.")


def window_problems(window: Window | None, where: str) -> Iterator[Problem]:
    """Bounds of a window."""
    match window:
        case None:
            return
        case Last(length_ms):
            if not 0 < length_ms <= MAX_WINDOW_DAYS * DAY_MS:
                yield Problem(f"{where}.last", f"A window is at most {MAX_WINDOW_DAYS} days long.", None)
        case LastDays(days):
            if not 1 <= days <= MAX_WINDOW_DAYS:
                yield Problem(f"{where}.lastDays", f"The number of days is 1 (today) to {MAX_WINDOW_DAYS}.", None)
        case Between(from_ms, to_ms):
            if not MIN_MS <= from_ms < to_ms <= MAX_MS:
                yield Problem(f"{where}.between", "The end does not lie after the beginning.", "Exchange them.")
        case DaysAgo(from_days, to_days):
            if not 0 <= to_days <= from_days <= MAX_WINDOW_DAYS:
                yield Problem(
                    f"{where}.daysAgo",
                    f"Days ago go from the older (at most {MAX_WINDOW_DAYS}) to the younger (0 is today).",
                    "Write for example {from: 4, to: 1}.",
                )
        case _:
            assert_never(window)


def _amount(least: int, most: int) -> str:
    if least == most:
        return ("no values", "one value", "two values")[least]
    return f"{least} to {most:,} values"


def _amount_hint(op: Operator) -> str | None:
    return {Operator.NE: "Use NOT_IN for several values.", Operator.HAS: "Use HAS_ANY or HAS_ALL."}.get(op)


def _type_name(value: Scalar) -> str:
    return "boolean" if type(value) is bool else "text" if type(value) is str else "number"


def _ascending(first: Scalar, second: Scalar) -> bool:
    low, high = as_time_ms(first), as_time_ms(second)
    if low is None or high is None:
        low_number, high_number = as_number(first), as_number(second)
        return low_number is not None and high_number is not None and low_number <= high_number
    return low <= high


def _value_problem(kind: ValueKind, value: Scalar, where: str) -> Problem | None:
    if type(value) is str and len(value) > MAX_TEXT_LENGTH:
        return Problem(where, f"A text has at most {MAX_TEXT_LENGTH} characters.", None)
    if type(value) is str and (fault := text_fault(value)):
        return Problem(where, fault, None)
    if type(value) is int and abs(value) > MAX_EXACT_INTEGER:
        return Problem(where, "Integers are exact up to 2^53 only.", "Keep longer numbers as text.")
    if type(value) is float and as_number(value) is None:
        return Problem(where, "This is not a finite number.", None)
    match kind:
        case "nothing" | "scalar":
            return None
        case "text":
            return None if type(value) is str else Problem(where, "This has to be a text.", None)
        case "number":
            if as_number(value) is not None:
                return None
            return Problem(where, "This has to be a number.", "Use BEFORE, AFTER or BETWEEN for times.")
        case "time":
            return None if as_time_ms(value) is not None else Problem(where, "This is not a time.", _TIME_HINT)
        case "number or time":
            if as_number(value) is not None or as_time_ms(value) is not None:
                return None
            return Problem(where, "This is neither a number nor a time.", _TIME_HINT)
        case "pattern":
            return _pattern_problem(value, where)
        case "duration" | "day duration":
            return _duration_problem(value, where, whole_days=kind == "day duration")
        case _:
            assert_never(kind)


_TIME_HINT = "Write times in ISO 8601, for example 2026-07-01T08:30:00Z."


def _pattern_problem(value: Scalar, where: str) -> Problem | None:
    if type(value) is not str:
        return Problem(where, "This has to be a text.", None)
    if len(value) > MAX_PATTERN_LENGTH:
        return Problem(where, f"A pattern has at most {MAX_PATTERN_LENGTH} characters.", None)
    try:
        compile_pattern(value)
    except BadPattern as fault:
        return Problem(
            where, f"This pattern cannot be used: {fault}.", "The syntax is RE2's: no look-around, no back-references."
        )
    return None


def _duration_problem(value: Scalar, where: str, *, whole_days: bool) -> Problem | None:
    if type(value) is not str:
        return Problem(where, "This has to be an ISO 8601 duration.", "Write for example P30D or PT10S.")
    try:
        length_ms = parse_duration_ms(value)
    except BadDuration as fault:
        return Problem(where, str(fault), fault.hint)
    if length_ms > MAX_WINDOW_DAYS * DAY_MS:
        return Problem(where, f"A duration is at most {MAX_WINDOW_DAYS} days long.", None)
    if whole_days and (length_ms % DAY_MS or length_ms > MAX_ANNIVERSARY_DAYS * DAY_MS):
        return Problem(
            where,
            f"Anniversaries are looked for in 1 to {MAX_ANNIVERSARY_DAYS} whole days.",
            "Write for example P7D: today and the six days after it.",
        )
    return None
