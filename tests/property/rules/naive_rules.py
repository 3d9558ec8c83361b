"""A second reading of rule documents, as plain as can be and with no code in common with `rules/`."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# (name, time in ms, id, properties)
Event = tuple[str, int, str, dict[str, Any]]


def instant(value: object) -> int | None:
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return (at - EPOCH) // timedelta(milliseconds=1)


def local_date(at_ms: int, zone: ZoneInfo) -> date:
    return (EPOCH + timedelta(milliseconds=at_ms)).astimezone(zone).date()


def number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        double = float(value)
    except OverflowError:
        return None
    return double if math.isfinite(double) else None


def length(duration: str) -> int:
    """Milliseconds of the few forms that the strategies write: PnD and PTn.nnnS."""
    days = re.fullmatch(r"P(\d+)D", duration)
    if days:
        return int(days[1]) * 86_400_000
    seconds = re.fullmatch(r"PT([\d.]+)S", duration)
    assert seconds
    return round(float(seconds[1]) * 1000)


def same(value: object, wanted: object) -> bool | None:
    """Equal; None when the types differ."""
    if isinstance(wanted, bool | str):
        return value == wanted if type(value) is type(wanted) else None
    double = number(value)
    return None if double is None else double == number(wanted)


def condition(op: str, values: list[Any], value: object, now: int, zone: ZoneInfo) -> bool:
    if op in ("SET", "NOT_SET"):
        return (value is None) == (op == "NOT_SET")
    if value is None:
        return False
    if op in ("IS_TRUE", "IS_FALSE"):
        return value is (op == "IS_TRUE")
    if op in ("EQ", "IN"):
        return any(same(value, each) is True for each in values)
    if op in ("NE", "NOT_IN"):
        return all(same(value, each) is False for each in values)
    if op in ("HAS", "HAS_ANY", "HAS_ALL"):
        if not isinstance(value, list):
            return False
        found = [any(same(element, each) is True for element in value) for each in values]
        return all(found) if op == "HAS_ALL" else any(found)
    if op in ("LT", "LTE", "GT", "GTE") or (op == "BETWEEN" and not isinstance(values[0], str)):
        double = number(value)
        if double is None:
            return False
        first = float(values[0])
        if op == "BETWEEN":
            return first <= double <= float(values[1])
        return {"LT": double < first, "LTE": double <= first, "GT": double > first, "GTE": double >= first}[op]
    if op in ("BEFORE", "AFTER", "BETWEEN", "WITHIN_LAST", "WITHIN_NEXT", "MORE_THAN_AGO", "ANNIVERSARY_WITHIN_NEXT"):
        return timed(op, values, value, now, zone)
    return isinstance(value, str) and text(op, values, value)


def timed(op: str, values: list[Any], value: object, now: int, zone: ZoneInfo) -> bool:
    at = instant(value)
    if at is None:
        return False
    if op == "BEFORE":
        return at < (instant(values[0]) or 0)
    if op == "AFTER":
        return at > (instant(values[0]) or 0)
    if op == "BETWEEN":
        return (instant(values[0]) or 0) <= at <= (instant(values[1]) or 0)
    reach = length(values[0])
    if op == "WITHIN_LAST":
        return now - reach < at <= now
    if op == "WITHIN_NEXT":
        return now < at <= now + reach
    if op == "MORE_THAN_AGO":
        return at <= now - reach
    of = date.fromisoformat(str(value)) if len(str(value)) == 10 else local_date(at, zone)
    today = local_date(now, zone)
    for ahead in range(reach // 86_400_000):
        day = today + timedelta(days=ahead)
        leap = day.year % 4 == 0 and (day.year % 100 != 0 or day.year % 400 == 0)
        celebrated = (2, 28) if (of.month, of.day) == (2, 29) and not leap else (of.month, of.day)
        if (day.month, day.day) == celebrated and day.year >= of.year:
            return True
    return False


def text(op: str, values: list[Any], value: str) -> bool:
    first = values[0]
    if op == "CONTAINS":
        return first in value
    if op == "NOT_CONTAINS":
        return first not in value
    if op == "STARTS_WITH":
        return value[: len(first)] == first
    if op == "ENDS_WITH":
        return first == "" or value[-len(first) :] == first
    if op == "IEQ":
        return any(value.casefold() == each.casefold() for each in values)
    # The strategies write only patterns that mean the same to Python's own engine.
    return (re.search(first, value) is not None) == (op == "MATCHES")


def look_up(values: dict[str, Any], name: str) -> Any:
    if values.get(name) is not None:
        return values[name]
    first, dot, rest = name.partition(".")
    inner = values.get(first)
    return look_up(inner, rest) if dot and isinstance(inner, dict) else None


def in_window(window: dict[str, Any] | None, at: int, now: int, zone: ZoneInfo) -> bool:
    if at > now:
        return False
    if not window:
        return True
    if "last" in window:
        return now - length(window["last"]) < at
    if "between" in window:
        return (instant(window["between"]["from"]) or 0) <= at < (instant(window["between"]["to"]) or 0)
    ago = (local_date(now, zone) - local_date(at, zone)).days
    if "lastDays" in window:
        return ago < window["lastDays"]
    return bool(window["daysAgo"]["to"] <= ago <= window["daysAgo"]["from"])


def matching(
    name: str, where: list[dict[str, Any]], window: dict[str, Any] | None, events: list[Event], now: int, zone: ZoneInfo
) -> list[Event]:
    """The events of a name that lie in the window and pass every condition."""
    return [
        event
        for event in events
        if event[0] == name
        and in_window(window, event[1], now, zone)
        and all(condition(each["op"], each["values"], look_up(event[3], each["name"]), now, zone) for each in where)
    ]


def measured(leaf: dict[str, Any], events: list[Event], now: int, zone: ZoneInfo) -> float | None:
    found = matching(leaf["name"], leaf.get("where", []), leaf.get("window"), events, now, zone)
    counted = [(at, properties) for _, at, _, properties in found]
    measure = leaf.get("measure", {"kind": "COUNT"})
    if measure["kind"] == "COUNT":
        return len(counted)
    if measure["kind"] == "DISTINCT_DAYS":
        return len({local_date(at, zone) for at, _ in counted})
    values = [look_up(properties, measure["property"]) for _, properties in counted]
    numbers = [Fraction(double) for value in values if (double := number(value)) is not None]
    if measure["kind"] == "DISTINCT":
        others = {(type(value), value) for value in values if isinstance(value, str | bool)}
        return len(others) + len(set(numbers))
    if not numbers:
        return None
    total = float(sum(numbers))
    return {"SUM": total, "AVG": total / len(numbers), "MIN": float(min(numbers)), "MAX": float(max(numbers))}[
        measure["kind"]
    ]


def in_sequence(leaf: dict[str, Any], events: list[Event], now: int, zone: ZoneInfo) -> bool:
    """Tries every choice of different events for the steps."""
    found = [matching(step["event"], step.get("where", []), leaf.get("window"), events, now, zone)
             for step in leaf["steps"]]  # fmt: skip
    steps = [place for place, step in enumerate(leaf["steps"]) if not step.get("not")]
    for chosen in product(*(found[place] for place in steps)):
        times = [at for _, at, _, _ in chosen]
        if len({key for _, _, key, _ in chosen}) < len(chosen) or times != sorted(times):
            continue
        if times[-1] - times[0] > length(leaf["within"]):
            continue
        gaps = zip(steps, steps[1:], times, times[1:], strict=False)
        if not any(
            here < at < there
            for place, following, here, there in gaps
            if following == place + 2
            for _, at, _, _ in found[place + 1]
        ):
            return True
    return False


def habitual(body: dict[str, Any], events: list[Event], now: int, zone: ZoneInfo) -> bool:
    where, window, recent = body.get("where", []), body.get("window"), body.get("recent")
    happened = [at for _, at, _, _ in matching(body["name"], where, None, events, now, zone)]
    if body["kind"] == "REGULARLY":
        periods = body["periods"]
        ages = [(local_date(now, zone) - local_date(at, zone)).days for at in happened]
        counts = [sum(age // periods["days"] == period for age in ages) for period in range(periods["last"])]
        return sum(count >= periods.get("times", 1) for count in counts) >= periods["atLeast"]
    if body["kind"] == "FIRST_TIME":
        return bool(happened) and in_window(window, min(happened), now, zone)
    newly = [at for at in happened if in_window(recent, at, now, zone)]
    within = [at for at in happened if in_window(window, at, now, zone)]
    if body["kind"] == "STOPPED":
        return bool(within) and not newly
    return bool(newly) and within == newly and len(within) < len(happened)


def holds(
    rule: dict[str, Any],
    attributes: dict[str, Any],
    events: list[Event],
    segments: set[str],
    tags: dict[str, Any],
    now: int,
    zone: ZoneInfo,
) -> bool:
    ((kind, body),) = rule.items()
    customer = (attributes, events, segments, tags)
    if kind == "all":
        return all(holds(child, *customer, now, zone) for child in body)
    if kind == "any":
        return any(holds(child, *customer, now, zone) for child in body)
    if kind == "not":
        return not holds(body, *customer, now, zone)
    if kind == "everyone":
        return True
    if kind == "segment":
        return body in segments
    if kind == "tag":
        return condition(body["op"], body["values"], tags.get(body["key"]), now, zone)
    if kind == "sequence":
        return in_sequence(body, events, now, zone)
    if kind == "habit":
        return habitual(body, events, now, zone)
    if kind == "attribute":
        return condition(body["op"], body["values"], look_up(attributes, body["name"]), now, zone)
    return condition(body.get("op", "GTE"), body.get("values", [1]), measured(body, events, now, zone), now, zone)
