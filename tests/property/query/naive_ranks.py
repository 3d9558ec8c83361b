"""Values that depend on everybody, straight from what the documents say: each is compared with all."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum
from typing import Any
from zoneinfo import ZoneInfo

from rules.facts import Facts
from rules.tags.compiled import compile_tag
from rules.tags.parser import parse_definition

NAMES = {
    "111": "champion",
    "011": "keep",
    "101": "grow",
    "001": "win back",
    "110": "general value",
    "010": "general keep",
    "100": "general grow",
    "000": "general win back",
}


def values_of(document: dict[str, Any], people: Sequence[Facts], now: int, zone: ZoneInfo) -> list[str | None]:
    """The value of each customer."""
    ((kind, body),) = document.items()
    event = body["event"]
    if kind == "statistical":
        numbers = _numbers({"statistical": {"event": event}}, people, now, zone)
        return [_share(number, [n for n in numbers if n is not None], body["shares"]) for number in numbers]
    counted = {key: part for key, part in event.items() if key != "measure"}
    days = _numbers({"firstLast": {"event": counted, "which": "LAST", "take": "DAYS_SINCE"}}, people, now, zone)
    counts = _numbers({"statistical": {"event": counted}}, people, now, zone)
    money = _numbers({"statistical": {"event": event}}, people, now, zone)
    inside = [n for n, (day, amount) in enumerate(zip(days, money, strict=True)) if None not in (day, amount)]
    found: list[str | None] = [None] * len(people)
    for n in inside:
        digits = ""
        for numbers, name, sign in ((days, "recency", -1), (counts, "frequency", 1), (money, "monetary", 1)):
            of_all = [sign * (numbers[each] or 0) for each in inside]
            own = sign * (numbers[n] or 0)
            if "cuts" in body:
                digits += str(int(_is_high(own, of_all, body["cuts"][name], sign)))
            else:
                # How many fifths of all are better.
                digits += str(5 - sum(each > own for each in of_all) * 5 // len(of_all))
        found[n] = NAMES[digits] if "cuts" in body else digits
    return found


def _numbers(document: dict[str, Any], people: Sequence[Facts], now: int, zone: ZoneInfo) -> list[float | None]:
    value = compile_tag(parse_definition(document)).value
    numbers = [value(facts, now, zone) for facts in people]
    return [None if number is None else float(number) for number in numbers]  # type: ignore[arg-type]


def _share(number: float | None, numbers: Sequence[float], shares: list[dict[str, Any]]) -> str | None:
    if number is None:
        return None
    better = sum(each > number for each in numbers)
    return next((share["value"] for share in shares if better * 100 < share["topPercent"] * len(numbers)), None)


def _is_high(own: float, of_all: Sequence[float], cut: dict[str, Any], sign: int) -> bool:
    ((by, number),) = cut.items()
    if by == "value":
        return own >= sign * number
    if by == "mean":
        return len(set(of_all)) == 1 or own >= fsum(of_all) / len(of_all)
    better = sum(each > own for each in of_all)
    return better < number if by == "top" else better * 100 < number * len(of_all)
