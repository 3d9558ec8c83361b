"""Values of tags from the store, case by case."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from analytics.engines.local import FileStore
from analytics.query import asking
from analytics.query.expressions import DUCKDB, statement_of
from analytics.query.sources import Tables
from analytics.query.tag_values import tag_values_query
from analytics.store.batch import Batch, CustomerCells, EventCells, Position, Stretch, number_of
from analytics.store.file import ColumnFile
from analytics.store.spread import spread
from rules.tags.compiled import compile_tag, same_value
from rules.tags.definition import is_over_everybody
from rules.tags.parser import parse_definition
from tests.property.rules.rule_strategies import facts_of
from tests.support.columns import values_in

BERLIN, HAVANA = ZoneInfo("Europe/Berlin"), ZoneInfo("America/Havana")
HOUR_MS = 3_600_000
NOW_MS = int(datetime(2026, 7, 10, 12, tzinfo=UTC).timestamp() * 1000)
# Berlin's clock goes forward at 01:00 UTC, Havana's back at 05:00 UTC, from 01:00 to midnight.
FORWARD_MS = int(datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp() * 1000)
BACK_MS = int(datetime(2025, 11, 2, 5, tzinfo=UTC).timestamp() * 1000)
Event = tuple[int, str, dict[str, Any]]


def values_of(
    document: dict[str, Any],
    people: list[list[Event]],
    now_ms: int = NOW_MS,
    zone: ZoneInfo = BERLIN,
    living: int | None = None,
) -> list[object]:
    """The value of each customer, None for none, that the store gives; memory agrees."""
    file = ColumnFile()
    living = len(people) if living is None else living
    file.apply(
        Batch(
            customers={f"c{n}": CustomerCells(f"c{n}", 0, spread({"n": n})) for n in range(living)},
            owners={f"u{n}": [Stretch(f"c{n}")] for n in range(len(people))},
            events=[
                EventCells(f"u{n}", "E", at_ms, id_, spread(properties))
                for n, events in enumerate(people)
                for at_ms, id_, properties in events
            ],
        ),
        Position(),
        fresh=True,
    )
    definition = parse_definition(document)
    alone = not is_over_everybody(definition)
    rows = asking.tag_values(FileStore(file).ask(), definition, Tables(file.layout), now_ms, zone)
    found = dict(values_in(rows.to_batches()))
    for number, events in enumerate(people[:living] if alone else []):
        facts = facts_of({"n": number}, [("E", *event) for event in events], set(), {})
        assert same_value(found.get(number_of(f"c{number}")), compile_tag(definition).value(facts, now_ms, zone))
    assert len(found) <= living
    return [found.get(number_of(f"c{number}")) for number in range(living)]


def of(*values: object) -> list[Event]:
    """An event an hour, the newest an hour ago, each with a value."""
    return [(NOW_MS - (len(values) - n) * HOUR_MS, f"e{n}", {"x": value}) for n, value in enumerate(values)]


def preference(top: int = 3, **more: object) -> dict[str, Any]:
    return {"preference": {"event": {"name": "E"}, "property": "x", "top": top, **more}}


def first_last(which: str, take: str, **more: str) -> dict[str, Any]:
    return {"firstLast": {"event": {"name": "E"}, "which": which, "take": take, **more}}


def statistical(layers: list[dict[str, Any]] | None = None, **measure: str) -> dict[str, Any]:
    return {"statistical": {"event": {"name": "E", "measure": measure}, "layers": layers or []}}


@pytest.mark.parametrize(
    ("document", "events", "expected"),
    [
        pytest.param(statistical(kind="COUNT"), [], 0, id="a count of nothing is 0"),
        pytest.param(statistical(kind="SUM", property="x"), of("a"), None, id="a sum of nothing is no value"),
        pytest.param(statistical(kind="SUM", property="x"), of(1, 2), 3, id="a sum without fraction"),
        pytest.param(statistical(kind="MAX", property="x"), of(1, 2.0), 2, id="a number without fraction"),
        pytest.param(statistical(kind="MAX", property="x"), of(2**60), 2.0**60, id="one that doubles do not tell"),
        pytest.param(statistical([{"value": "none", "to": 1}], kind="COUNT"), [], "none", id="0 lies in a layer"),
        pytest.param(statistical([{"value": "one", "from": 1}], kind="COUNT"), [], None, id="in no layer"),
        pytest.param(preference(), of("b", "a", "b"), ["b", "a"], id="most frequent"),
        pytest.param(preference(), of(None, [1], {"y": 1}, ""), None, id="null never ranks"),
        pytest.param(preference(), of("1", 1, 1.0, True, False), [1, False, True], id="1 is 1.0, not true"),
        pytest.param(preference(5), of("1", 1, True, False), [False, True, 1, "1"], id="ties by type, then alphabet"),
        pytest.param(preference(), of("é", "z", "🦊", "ﬀ"), ["z", "é", "ﬀ"], id="texts by code point"),
        pytest.param(preference(), of("🦊" * 1_000, "🦊" * 1_001, "🦊" * 1_001), ["🦊" * 1_000], id="too long a text"),
        pytest.param(preference(sum="x"), of(1, 2, 2, True), [2, 1], id="largest by sum, none without a number"),
        pytest.param(first_last("FIRST", "TIME"), of(1, 2), "2026-07-10T10:00:00.000Z", id="time"),
        pytest.param(first_last("LAST", "TIME"), [(NOW_MS + 1, "e", {})], None, id="not yet happened"),
        pytest.param(
            first_last("LAST", "PROPERTY", property="x", type="NUMBER"), of(1, "2"), None, id="no other stands in"
        ),
        pytest.param(
            first_last("LAST", "PROPERTY", property="x", type="TIME"), of("2026-01-01"), "2026-01-01", id="a time"
        ),
        pytest.param(first_last("LAST", "PROPERTY", property="x", type="TIME"), of("soon"), None, id="no time"),
        pytest.param(first_last("LAST", "PROPERTY", property="x", type="STRING"), of(""), "", id="a text without any"),
        pytest.param(
            first_last("LAST", "PROPERTY", property="x", type="STRING"), of("🦊" * 1_001), None, id="too long a value"
        ),
        pytest.param(
            first_last("FIRST", "PROPERTY", property="x", type="STRING"),
            [(5, "b", {"x": "second"}), (5, "a", {"x": "first"}), (6, "0", {"x": "late"})],
            "first",
            id="the first of one instant by id",
        ),
        pytest.param(
            first_last("LAST", "PROPERTY", property="x", type="BOOLEAN"),
            [(4, "c", {"x": True}), (5, "b", {"x": False}), (5, "a", {"x": True})],
            False,
            id="the last of one instant by id",
        ),
    ],
)
def test_a_tag_has_the_value_that_its_kind_says(
    document: dict[str, Any], events: list[Event], expected: object
) -> None:
    # Others beside, so that the layout has all kinds of columns.
    (found, *_) = values_of(document, [events, of(1, "a", True, "2026-01-01"), of(2.5)])
    assert same_value(found, expected)  # type: ignore[arg-type]
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("zone", "at_ms", "now_ms", "days"),
    [
        pytest.param(BERLIN, FORWARD_MS - 2 * HOUR_MS, FORWARD_MS + 20 * HOUR_MS, 0, id="a day of 23 hours"),
        pytest.param(BERLIN, FORWARD_MS - 2 * HOUR_MS, FORWARD_MS + 21 * HOUR_MS, 1, id="and the next midnight"),
        pytest.param(BERLIN, FORWARD_MS - 2 * HOUR_MS - 1, FORWARD_MS, 1, id="just before midnight"),
        pytest.param(HAVANA, BACK_MS - 1, BACK_MS, 0, id="a clock set back to midnight enters no day twice"),
        pytest.param(HAVANA, BACK_MS - HOUR_MS - 1, BACK_MS - HOUR_MS, 1, id="the midnight before it"),
        pytest.param(HAVANA, BACK_MS - HOUR_MS, BACK_MS + 24 * HOUR_MS - 1, 0, id="a day of 25 hours"),
        pytest.param(BERLIN, -(10**13), NOW_MS, 136_385, id="of a far past"),
    ],
)
def test_days_since_are_days_of_the_calendar(zone: ZoneInfo, at_ms: int, now_ms: int, days: int) -> None:
    assert values_of(first_last("LAST", "DAYS_SINCE"), [[(at_ms, "e", {})]], now_ms, zone) == [days]


def test_a_time_is_kept_in_the_calendar() -> None:
    people: list[list[Event]] = [[(-(10**15), "e", {})], [(-62_135_596_800_000, "e", {})]]
    assert values_of(first_last("FIRST", "TIME"), people) == ["0001-01-01T00:00:00.000Z"] * 2


def test_who_lives_no_longer_has_no_value() -> None:
    for document in (preference(), statistical(kind="COUNT"), first_last("LAST", "TIME")):
        (found,) = values_of(document, [of("a"), of("b")], living=1)
        assert found is not None


def test_what_nobody_ever_had_gives_nobody_a_value() -> None:
    missing = {"name": "Missing"}
    for document in (
        {"preference": {"event": missing, "property": "x"}},
        {"preference": {"event": {"name": "E"}, "property": "missing"}},
        preference(sum="missing"),
        {"firstLast": {"event": missing, "which": "LAST", "take": "TIME"}},
        first_last("LAST", "PROPERTY", property="missing", type="BOOLEAN"),
        statistical(kind="MIN", property="missing"),
    ):
        assert values_of(document, [of("a")]) == [None], document
    assert values_of({"statistical": {"event": missing}}, [of("a")]) == [0]


def test_the_first_branch_that_holds_decides_and_all_share_one_pass() -> None:
    def count(value: str, at_least: int) -> dict[str, Any]:
        return {"value": value, "rule": {"event": {"name": "E", "values": [at_least]}}}

    branches = [count(f"{number} or more", number) for number in range(24, 1, -1)]
    document = {"condition": {"values": [*branches, {"value": "few", "rule": {"everyone": True}}]}}
    assert values_of(document, [of(*range(3)), of(*range(30)), []]) == ["3 or more", "24 or more", "few"]

    file = ColumnFile()
    file.apply(Batch(events=[EventCells("u", "E", 1, "e", {})]), Position(), fresh=True)
    query = tag_values_query(parse_definition(document), Tables(file.layout), NOW_MS, BERLIN)
    # Identifiers that one customer has had all the time, and those that changed hands.
    assert statement_of(query, DUCKDB).text.count('"events_1"') == 2


@pytest.mark.parametrize(
    ("numbers", "shares", "expected"),
    [
        pytest.param([5, 4, 3, 2, 1], {"a": 20, "b": 60}, ["a", "b", "b", None, None], id="below the last one none"),
        pytest.param([5, 5, 3, 2, 1], {"a": 20, "b": 100}, ["a", "a", "b", "b", "b"], id="equal ones in the better"),
        pytest.param([3, 2, 1], {"a": 33.3, "b": 100}, ["a", "b", "b"], id="a third of three"),
        pytest.param([3, 2, 1], {"a": 33.4, "b": 100}, ["a", "a", "b"], id="a little more than a third"),
        pytest.param([0.1, 0.1, 0.1], {"a": 1}, ["a", "a", "a"], id="all equal"),
        pytest.param([1, None], {"a": 50, "b": 100}, ["a", None], id="who has no number is not counted"),
    ],
)
def test_shares_go_down_from_the_largest(
    numbers: list[float | None], shares: dict[str, float], expected: list[str | None]
) -> None:
    document = statistical(kind="SUM", property="x")
    document["statistical"] |= {"shares": [{"value": name, "topPercent": top} for name, top in shares.items()]}
    assert values_of(document, [of(number) for number in numbers]) == expected


def spent(days: int, count: int, amount: object) -> list[Event]:
    return [(NOW_MS - days * 24 * HOUR_MS, f"e{n}", {"x": amount}) for n in range(count)]


# Days since the last, how many, each of how much.
PEOPLE = [
    spent(1, 4, 100), spent(9, 4, 100), spent(1, 1, 400), spent(9, 1, 400),
    spent(1, 4, 1), spent(9, 4, 1), spent(1, 1, 1), spent(9, 1, 1), spent(1, 4, None), [],
]  # fmt: skip
NAMES = [
    "champion", "keep", "grow", "win back",
    "general value", "general keep", "general grow", "general win back", None, None,
]  # fmt: skip


@pytest.mark.parametrize(
    "cuts",
    [
        pytest.param({"recency": {"mean": True}, "frequency": {"mean": True}, "monetary": {"mean": True}}, id="mean"),
        pytest.param({"recency": {"value": 1}, "frequency": {"value": 4}, "monetary": {"value": 400}}, id="equal to"),
        pytest.param(
            {"recency": {"top": 4}, "frequency": {"top": 1}, "monetary": {"top": 4}}, id="top, with equal ones"
        ),
        pytest.param(
            {"recency": {"topPercent": 50}, "frequency": {"topPercent": 1}, "monetary": {"topPercent": 50}},
            id="percent",
        ),
    ],
)
def test_rfm_has_eight_names(cuts: dict[str, Any]) -> None:
    event = {"name": "E", "measure": {"kind": "SUM", "property": "x"}}
    assert values_of({"rfm": {"event": event, "cuts": cuts}}, PEOPLE) == NAMES


def test_the_mean_of_equal_numbers_is_no_more_than_they_are() -> None:
    event = {"name": "E", "measure": {"kind": "SUM", "property": "x"}}
    cuts = {"recency": {"mean": True}, "frequency": {"mean": True}, "monetary": {"mean": True}}
    assert values_of({"rfm": {"event": event, "cuts": cuts}}, [of(0.1)] * 3) == ["champion"] * 3


def test_scores_are_fifths_from_the_best_with_equal_ones_alike() -> None:
    document = {"rfm": {"event": {"name": "E", "measure": {"kind": "AVG", "property": "x"}}, "scores": True}}
    people = [spent(days, 1, amount) for days, amount in ((1, 9), (2, 9), (3, 7), (4, 6), (5, 5))]
    assert values_of(document, people) == ["555", "455", "353", "252", "151"]
