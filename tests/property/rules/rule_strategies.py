"""Random rules and customers. Pools are small, so that conditions hit and miss about equally often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from rules.facts import EventHistory, Facts
from tests.property.rules.naive_rules import Event

DAY_MS = 86_400_000
# The midnight before clocks go forward in Berlin: days of 24, 23 and 24 hours around it.
BASE_MS = int(datetime(2026, 3, 28, 23, tzinfo=UTC).timestamp() * 1000)
# Of these zones no clock is set back over midnight; there the naive reading of a day is right.
ZONES = st.sampled_from([ZoneInfo(name) for name in ("Europe/Berlin", "UTC", "America/Sao_Paulo", "Asia/Kathmandu")])
NAMES = st.sampled_from(["x", "x", "y", "deep.x"])
EVENTS = st.sampled_from(["E", "E", "E", "F"])


def iso(at_ms: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)).isoformat(timespec="milliseconds")


# To a few milliseconds around that midnight, whole days off it, seldom around other hours: where windows end.
NEAR_MS = st.builds(
    lambda days, off, hour: BASE_MS + days * DAY_MS + off + hour * 3_600_000,
    st.integers(-3, 1),
    st.integers(-3, 4),
    st.sampled_from([0, 0, 0, 0, 0, 0, -1, 1]),
)
TIMES = NEAR_MS.map(iso)
DATES = st.sampled_from(["1990-03-28", "1990-03-29", "1899-03-30", "1990-03-31", "2027-03-30", "2026-03-28"])
NUMBERS = st.sampled_from([0, 1, 1.0, 2, 2.5, -1, 3, 0.1, 2**53])
TEXTS = st.sampled_from(["", "a", "A", "ab", "ba", "straße", "1", "\u00e9"])
SCALARS = st.one_of(NUMBERS, TEXTS, st.booleans())
STRAYS = st.sampled_from([None, float("nan"), float("inf"), 10**400, 2**53 + 1, {}, {"x": 1}, "a\ud800", b"a", (1,)])
VALUES = st.one_of(SCALARS, TIMES, DATES, STRAYS, st.lists(st.one_of(SCALARS, STRAYS), max_size=4))
OBJECTS = st.fixed_dictionaries(
    {}, optional={"x": VALUES, "y": VALUES, "deep.x": VALUES, "deep": st.fixed_dictionaries({}, optional={"x": VALUES})}
)
SHORT = st.integers(1, 4).map(lambda n: f"PT{n / 1000}S")
DURATIONS = st.one_of(SHORT, st.integers(1, 4).map(lambda n: f"P{n}D"))


def one_kind(most: int) -> st.SearchStrategy[list[Any]]:
    return st.one_of(*(st.lists(kind, min_size=1, max_size=most) for kind in (NUMBERS, TEXTS, st.booleans())))


def with_values(ops: list[str], values: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[tuple[str, list[Any]]]:
    return st.tuples(st.sampled_from(ops), values)


def pair(kind: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(kind, min_size=2, max_size=2).map(sorted)


FIXED = st.one_of(
    with_values(["SET", "NOT_SET", "IS_TRUE", "IS_FALSE"], st.just([])),
    with_values(["EQ", "IN", "NOT_IN", "HAS_ANY", "HAS_ALL"], one_kind(3)),
    with_values(["NE", "HAS"], one_kind(1)),
    with_values(["LT", "LTE", "GT", "GTE"], st.lists(NUMBERS, min_size=1, max_size=1)),
    with_values(["BETWEEN"], st.one_of(pair(NUMBERS), pair(TIMES))),
    with_values(["CONTAINS", "NOT_CONTAINS", "STARTS_WITH", "ENDS_WITH"], st.lists(TEXTS, min_size=1, max_size=1)),
    with_values(["IEQ"], st.lists(TEXTS, min_size=1, max_size=3)),
    with_values(["MATCHES", "NOT_MATCHES"], st.sampled_from([["a"], ["^a"], ["b$"], ["^[ab]+$"], [""], ["(?i)A"]])),
    with_values(["BEFORE", "AFTER"], st.lists(TIMES, min_size=1, max_size=1)),
)
RELATIVE = st.one_of(
    with_values(["WITHIN_LAST", "WITHIN_NEXT", "MORE_THAN_AGO"], st.lists(DURATIONS, min_size=1, max_size=1)),
    with_values(["ANNIVERSARY_WITHIN_NEXT"], st.sampled_from([["P1D"], ["P2D"], ["P7D"], ["P365D"], ["P366D"]])),
)


def named(condition: st.SearchStrategy[tuple[str, list[Any]]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(lambda name, pair: {"name": name, "op": pair[0], "values": pair[1]}, NAMES, condition)


WINDOWS = st.one_of(
    st.builds(lambda length: {"last": length}, DURATIONS),
    st.builds(lambda days: {"lastDays": days}, st.integers(1, 4)),
    st.builds(lambda a, b: {"daysAgo": {"from": max(a, b), "to": min(a, b)}}, st.integers(0, 4), st.integers(0, 4)),
    st.builds(
        lambda at, more: {"between": {"from": iso(at), "to": iso(at + more)}}, NEAR_MS, st.integers(1, 2 * DAY_MS)
    ),
    st.builds(lambda at, more: {"between": {"from": iso(at), "to": iso(at + more)}}, NEAR_MS, st.integers(1, 5)),
)
OF_PROPERTY = st.sampled_from(["DISTINCT", "SUM", "AVG", "MIN", "MAX"])
MEASURES = st.one_of(
    st.sampled_from([{"kind": "COUNT"}, {"kind": "DISTINCT_DAYS"}]),
    st.builds(lambda kind, of: {"kind": kind, "property": of}, OF_PROPERTY, NAMES),
)
AMOUNTS = st.sampled_from([0, 1, 2, 3])
COMPARISONS = st.one_of(
    with_values(["EQ", "NE", "GT", "GTE", "LT", "LTE"], st.lists(AMOUNTS, min_size=1, max_size=1)),
    with_values(["IN", "NOT_IN"], st.lists(AMOUNTS, min_size=1, max_size=3)),
    with_values(["BETWEEN"], pair(AMOUNTS)),
)
FILTERS = st.one_of(FIXED, with_values(["GT", "LT"], st.sampled_from([[0], [1], [2]])))


@st.composite
def event_leaves(draw: st.DrawFn) -> dict[str, Any]:
    op, values = draw(COMPARISONS)
    leaf: dict[str, Any] = {"name": draw(EVENTS), "op": op, "values": values}
    if draw(st.booleans()):
        leaf["measure"] = draw(MEASURES)
    if draw(st.integers(0, 3)):
        leaf["window"] = draw(WINDOWS)
    if not draw(st.integers(0, 2)):
        leaf["where"] = draw(st.lists(named(FILTERS), min_size=1, max_size=2))
    return {"event": leaf}


# Half of the conditions are bare, as a filter or a rare measure hides most faults of windows.
BARE_EVENTS = st.builds(
    lambda op, least, window: {"event": {"name": "E", "op": op, "values": [least], "window": window}},
    st.sampled_from(["GTE", "EQ"]),
    st.sampled_from([1, 1, 2]),
    WINDOWS,
)

# Filters that most values pass, or hardly any sequence would be found.
EASY = st.sampled_from([("NE", [3]), ("GTE", [1]), ("LT", [2]), ("IN", [0, 1, 2]), ("EQ", [1])]).map(
    lambda pair: {"name": "x", "op": pair[0], "values": pair[1]}
)

MIXED = st.one_of(EASY, EASY, named(FILTERS))


@st.composite
def sequences(draw: st.DrawFn, where: st.SearchStrategy[dict[str, Any]] = MIXED) -> dict[str, Any]:
    steps: list[dict[str, Any]] = []
    for place in range(draw(st.sampled_from([2, 2, 2, 3, 3, 4]))):
        if place and not draw(st.integers(0, 2)):
            steps.append({"event": draw(EVENTS), "not": True})
        steps.append({"event": draw(EVENTS)})
    for step in steps:
        if not draw(st.integers(0, 3)):
            step["where"] = draw(st.lists(where, min_size=1, max_size=2))
    leaf: dict[str, Any] = {"steps": steps, "within": draw(DURATIONS)}
    if draw(st.booleans()):
        leaf["window"] = draw(WINDOWS)
    return {"sequence": leaf}


def parts(length: str, unit: float) -> st.SearchStrategy[tuple[dict[str, Any], dict[str, Any]]]:
    """A sliding window and its recent part."""
    lengths = st.tuples(st.integers(1, 3), st.integers(1, 3))
    return lengths.map(
        lambda n: (
            {"last": length.format(round((n[0] + n[1]) * unit, 3))},
            {"last": length.format(round(n[0] * unit, 3))},
        )
    )


PARTS = st.one_of(
    st.tuples(st.integers(1, 3), st.integers(1, 3)).map(lambda n: ({"lastDays": n[0] + n[1]}, {"lastDays": n[0]})),
    parts("PT{}S", 0.001),
    parts("P{}D", 1),
    # So that events of the days before are old ones and those of the last milliseconds are new.
    st.tuples(st.integers(1, 3), SHORT).map(lambda pair: ({"last": f"P{pair[0]}D"}, {"last": pair[1]})),
    st.tuples(SHORT, st.just("PT0.008S")).map(lambda pair: ({"last": pair[1]}, {"last": pair[0]})),
)


@st.composite
def habits(draw: st.DrawFn, where: st.SearchStrategy[dict[str, Any]] = MIXED) -> dict[str, Any]:
    kind = draw(st.sampled_from(["FIRST_TIME", "REGULARLY", "STOPPED", "RESTARTED"]))
    leaf: dict[str, Any] = {"kind": kind, "name": draw(EVENTS)}
    if not draw(st.integers(0, 2)):
        leaf["where"] = draw(st.lists(where, min_size=1, max_size=2))
    if kind == "REGULARLY":
        last = draw(st.integers(1, 4))
        leaf["periods"] = {"days": draw(st.integers(1, 3)), "last": last, "atLeast": draw(st.integers(1, last))}
        if draw(st.booleans()):
            leaf["periods"]["times"] = draw(st.integers(1, 2))
    elif kind == "FIRST_TIME":
        leaf["window"] = draw(WINDOWS)
    else:
        leaf["window"], leaf["recent"] = draw(PARTS)
    return {"habit": leaf}


def tagged(condition: st.SearchStrategy[tuple[str, list[Any]]]) -> st.SearchStrategy[dict[str, Any]]:
    keys = st.sampled_from(["x", "x", "deep.x"])
    return st.builds(lambda key, pair: {"tag": {"key": key, "op": pair[0], "values": pair[1]}}, keys, condition)


BARE_TIMES = RELATIVE.map(lambda pair: {"attribute": {"name": "x", "op": pair[0], "values": pair[1]}})
TIMED_LEAVES = st.one_of(
    event_leaves(),
    BARE_EVENTS,
    BARE_TIMES,
    named(RELATIVE).map(lambda body: {"attribute": body}),
    tagged(RELATIVE),
    sequences(),
    sequences(),
    habits(),
    habits(),
)
LEAVES = st.one_of(
    TIMED_LEAVES,
    named(FIXED).map(lambda body: {"attribute": body}),
    tagged(FIXED),
    st.sampled_from(["s", "t"]).map(lambda key: {"segment": key}),
    st.just({"everyone": True}),
)


def rules(leaves: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    def grown(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
        children = st.lists(inner, min_size=1, max_size=3)
        return st.one_of(
            children.map(lambda all_: {"all": all_}),
            children.map(lambda any_: {"any": any_}),
            inner.map(lambda of: {"not": of}),
        )

    return st.recursive(leaves, grown, max_leaves=3)


RULES = rules(LEAVES)
TIMED_RULES = rules(TIMED_LEAVES)


BARE_PROPERTIES = AMOUNTS.map(lambda amount: {"x": amount})
DRAWN_EVENTS = st.one_of(
    st.lists(st.tuples(EVENTS, NEAR_MS, st.one_of(OBJECTS, BARE_PROPERTIES)), max_size=6),
    st.lists(st.tuples(st.just("E"), NEAR_MS, BARE_PROPERTIES), min_size=1, max_size=3),
    # Enough for the steps of a sequence and the periods of a habit.
    st.lists(st.tuples(EVENTS, NEAR_MS, BARE_PROPERTIES), min_size=4, max_size=6),
)
EVENT_LISTS = DRAWN_EVENTS.map(
    lambda drawn: [(name, at, f"e{number}", properties) for number, (name, at, properties) in enumerate(drawn)]
)


# Attributes, events, segments, tags.
Customer = tuple[dict[str, Any], list[Event], set[str], dict[str, Any]]


def customers() -> st.SearchStrategy[Customer]:
    values = st.one_of(OBJECTS, st.one_of(TIMES, DATES).map(lambda time: {"x": time}))
    return st.tuples(values, EVENT_LISTS, st.sets(st.sampled_from(["s", "t"])), values)


def facts_of(attributes: dict[str, Any], events: list[Event], segments: set[str], tags: dict[str, Any]) -> Facts:
    histories: dict[str, EventHistory] = {}
    for name, at, key, properties in events:
        histories.setdefault(name, EventHistory()).insert(at, key, properties)
    return Facts(attributes, histories, segments, tags)
