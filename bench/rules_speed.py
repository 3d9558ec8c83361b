"""How long one evaluation takes: typical conditions, and 100 rules over a customer with 50 events of each name.

Run: `.venv/bin/python -m bench.rules_speed`. No services needed. The best of several runs, in microseconds.
"""

from __future__ import annotations

import timeit
from collections.abc import Callable
from zoneinfo import ZoneInfo

from rules.evaluate import evaluate
from rules.facts import EventHistory, Facts
from rules.instants import sweep_ranges, transitions
from rules.parser import parse_rule
from rules.tree import Rule

ZONE = ZoneInfo("Asia/Shanghai")
NOW_MS = 1_780_000_000_000
HALF_DAY_MS = 12 * 3_600_000
EVENTS_PER_NAME = 50
EVENT_NAMES = 10
RULES = 100

LEAVES: dict[str, dict[str, object]] = {
    "attribute equals": {"attribute": {"name": "city", "op": "EQ", "values": ["Rome"]}},
    "attribute within the last 30 days": {"attribute": {"name": "seen", "op": "WITHIN_LAST", "values": ["P30D"]}},
    "attribute matches a pattern": {"attribute": {"name": "city", "op": "MATCHES", "values": ["^Ro.*e$"]}},
    "birthday in 7 days": {"attribute": {"name": "born", "op": "ANNIVERSARY_WITHIN_NEXT", "values": ["P7D"]}},
    "segment": {"segment": "vip"},
    "count, all time": {"event": {"name": "E0", "values": [3]}},
    "count, last 30 days": {"event": {"name": "E0", "values": [3], "window": {"last": "P30D"}}},
    "count, 30 calendar days": {"event": {"name": "E0", "values": [3], "window": {"lastDays": 30}}},
    "count where amount > 100": {
        "event": {
            "name": "E0",
            "values": [3],
            "window": {"last": "P30D"},
            "where": [{"name": "amount", "op": "GT", "values": [100]}],
        }
    },
    "sum of amount": {
        "event": {
            "name": "E0",
            "values": [300],
            "window": {"last": "P30D"},
            "measure": {"kind": "SUM", "property": "amount"},
        }
    },
    "distinct days": {
        "event": {"name": "E0", "values": [3], "window": {"last": "P30D"}, "measure": {"kind": "DISTINCT_DAYS"}}
    },
    "sequence of two events in a day": {
        "sequence": {"steps": [{"event": "E0"}, {"event": "E1"}], "within": "P1D", "window": {"last": "P30D"}}
    },
    "sequence that is not found": {
        "sequence": {"steps": [{"event": "E0"}, {"event": "E2", "not": True}, {"event": "E1"}], "within": "PT1S"}
    },
    "first time": {"habit": {"kind": "FIRST_TIME", "name": "E0", "window": {"lastDays": 30}}},
    "restarted": {"habit": {"kind": "RESTARTED", "name": "E0", "window": {"last": "P9D"}, "recent": {"last": "P1D"}}},
    "4 of 4 weeks": {"habit": {"kind": "REGULARLY", "name": "E0", "periods": {"days": 7, "last": 4, "atLeast": 4}}},
}


def customer() -> Facts:
    """50 events of each of ten names, two a day up to now."""
    histories = {
        f"E{name}": EventHistory.of(
            (NOW_MS - number * HALF_DAY_MS, f"{number:03d}", {"amount": number * 10, "city": "Rome"})
            for number in range(EVENTS_PER_NAME)
        )
        for name in range(EVENT_NAMES)
    }
    attributes = {"city": "Rome", "seen": "2026-05-20T00:00:00Z", "born": "1990-06-01"}
    return Facts(attributes, histories, frozenset({"vip"}))


def hundred_rules() -> list[Rule]:
    """A mix: each a windowed count, a third with a filter, half with an attribute or a segment beside it."""
    rules: list[Rule] = []
    for number in range(RULES):
        leaf: dict[str, object] = {
            "name": f"E{number % EVENT_NAMES}",
            "values": [1 + number % 5],
            "window": {"last": f"P{7 + number % 30}D"},
        }
        if number % 3 == 0:
            leaf["where"] = [{"name": "amount", "op": "GT", "values": [number]}]
        rule: dict[str, object] = {"event": leaf}
        if number % 2:
            rule = {"all": [LEAVES["attribute equals"], rule, {"not": {"segment": "blocked"}}]}
        rules.append(parse_rule(rule))
    return rules


def best_us(work: Callable[[], object], times: int) -> float:
    """Microseconds of one call: the best of five runs, as other programs only ever add."""
    return min(timeit.repeat(work, number=times, repeat=5)) / times * 1e6


def main() -> None:
    """Prints the table."""
    facts, after_ms = customer(), NOW_MS - 1_000
    print(f"{'condition':36} {'evaluate':>9} {'transitions after one event':>28}   (µs)")
    for name, document in LEAVES.items():
        rule = parse_rule(document)
        once = best_us(lambda rule=rule: evaluate(rule, facts, NOW_MS, ZONE), 2_000)  # type: ignore[misc]
        turned = best_us(lambda rule=rule: transitions(rule, facts, True, after_ms, NOW_MS, ZONE), 1_000)  # type: ignore[misc]
        print(f"{name:36} {once:9.2f} {turned:28.2f}")
    rules = hundred_rules()
    whole = best_us(lambda: [evaluate(rule, facts, NOW_MS, ZONE) for rule in rules], 50) / RULES
    turns = best_us(lambda: [transitions(rule, facts, True, after_ms, NOW_MS, ZONE) for rule in rules], 50) / RULES
    sweep = best_us(lambda: [sweep_ranges(rule, after_ms, NOW_MS, ZONE) for rule in rules], 50) / RULES
    print(f"{'100 mixed rules, mean of one':36} {whole:9.2f} {turns:28.2f}")
    print(f"{'sweep ranges of one rule':36} {sweep:9.2f}")


if __name__ == "__main__":
    main()
