"""Checks against known names: types, segments, cycles, needs and order."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from base.clock import iso, parse_iso_ms
from rules.checker import KnownNames, ValueType, check, find_cycle
from rules.days import day_of, day_start, days_beginning, next_day_start
from rules.names import Names, names_in
from rules.needs import Needs, combine, earliest, needs, order_by_dependency
from rules.parser import parse_rule
from rules.tree import Not, SegmentLeaf

KNOWN = KnownNames(
    segments={"vip"},
    attributes={
        "s": ValueType.STRING,
        "n": ValueType.NUMBER,
        "b": ValueType.BOOLEAN,
        "t": ValueType.TIME,
        "l": ValueType.LIST,
        "o": ValueType.OBJECT,
    },
    properties={("E", "s"): ValueType.STRING, ("E", "n"): ValueType.NUMBER},
    tags={"s": ValueType.STRING, "l": ValueType.LIST, "t": ValueType.TIME},
)
TYPE_CASES = [
    ("s", "EQ", ["a"], None),
    ("s", "EQ", [1], "values"),
    ("s", "GT", [1], "op"),
    ("s", "BETWEEN", ["2026-01-01", "2026-02-01"], "values"),
    ("n", "NOT_IN", [1, 2], None),
    ("n", "IN", ["1"], "values"),
    ("n", "BETWEEN", [1, 2], None),
    ("n", "BETWEEN", ["2026-01-01", "2026-02-01"], "values"),
    ("n", "CONTAINS", ["1"], "op"),
    ("b", "EQ", [True], None),
    ("b", "EQ", [1], "values"),
    ("b", "IS_TRUE", [], None),
    ("b", "GT", [0], "op"),
    ("t", "BETWEEN", ["2026-01-01", "2026-02-01"], None),
    ("t", "BETWEEN", [1, 2], "values"),
    ("t", "WITHIN_LAST", ["P1D"], None),
    ("t", "GT", [1], "op"),
    ("l", "HAS", ["a"], None),
    ("l", "EQ", ["a"], "op"),
    ("l", "SET", [], None),
    ("s", "HAS", ["a"], "op"),
    ("o", "NOT_SET", [], None),
    ("o", "EQ", ["a"], "op"),
    ("o", "HAS", ["a"], "op"),
    ("unheard-of", "GT", [1], None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "op", "values", "fault"), TYPE_CASES)
def test_a_comparison_with_another_type_is_refused_where_the_type_is_known(
    name: str, op: str, values: list[object], fault: str | None
) -> None:
    rule = parse_rule({"not": {"attribute": {"name": name, "op": op, "values": values}}})
    fields = [problem.field for problem in check(rule, KNOWN)]
    assert fields == ([] if fault is None else [f"rule.not.attribute.{fault}"])


def test_properties_and_measures_are_checked_by_event_and_property() -> None:
    where = [{"name": "n", "op": "EQ", "values": ["a"]}]
    rule = parse_rule({"event": {"name": "E", "where": where, "measure": {"kind": "SUM", "property": "s"}}})
    assert [problem.field for problem in check(rule, KNOWN)] == [
        "rule.event.where.0.values",
        "rule.event.measure.property",
    ]
    other = parse_rule({"event": {"name": "F", "where": where, "measure": {"kind": "SUM", "property": "s"}}})
    assert check(other, KNOWN) == []
    distinct = parse_rule({"event": {"name": "E", "measure": {"kind": "DISTINCT", "property": "s"}}})
    assert check(distinct, KNOWN) == []


@pytest.mark.parametrize(
    ("key", "op", "values", "fault"),
    [
        ("s", "IEQ", ["a"], None),
        ("s", "GT", [1], ".op"),
        ("s", "IN", [1], ".values"),
        ("l", "HAS_ALL", ["a"], None),
        ("l", "EQ", ["a"], ".op"),
        ("t", "ANNIVERSARY_WITHIN_NEXT", ["P7D"], None),
        ("unheard-of", "SET", [], ""),
    ],
)
def test_a_tag_has_to_exist_and_be_compared_as_its_type(
    key: str, op: str, values: list[object], fault: str | None
) -> None:
    rule = parse_rule({"not": {"tag": {"key": key, "op": op, "values": values}}})
    assert [problem.field for problem in check(rule, KNOWN)] == ([] if fault is None else [f"rule.not.tag{fault}"])


def test_properties_of_the_steps_of_a_sequence_are_checked() -> None:
    bad = {"event": "E", "where": [{"name": "s", "op": "SET"}, {"name": "n", "op": "EQ", "values": ["a"]}]}
    rule = parse_rule({"sequence": {"steps": [{"event": "F", "where": bad["where"]}, bad], "within": "PT1H"}})
    assert [problem.field for problem in check(rule, KNOWN)] == ["rule.sequence.steps.1.where.1.values"]


def test_properties_of_a_habit_are_checked() -> None:
    where = [{"name": "s", "op": "SET"}, {"name": "n", "op": "EQ", "values": ["a"]}]
    rule = parse_rule({"habit": {"kind": "FIRST_TIME", "name": "E", "where": where, "window": {"lastDays": 7}}})
    assert [problem.field for problem in check(rule, KNOWN)] == ["rule.habit.where.1.values"]


OFF = KnownNames(
    off=Names(frozenset({"a", "o.p"}), frozenset({"Off"}), frozenset({("E", "a"), ("E", "o"), ("Other", "b")}))
)
SET = {"op": "SET"}
WHERE = [{"name": "b", **SET}, {"name": "a", **SET}, {"name": "o.p.q", **SET}]
WITHIN = {"within": "PT1H"}


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        ({"attribute": {"name": "a", **SET}}, ["attribute.name"]),
        ({"attribute": {"name": "o.p.q", **SET}}, ["attribute.name"]),
        ({"attribute": {"name": "o", **SET}}, []),
        ({"attribute": {"name": "ab", **SET}}, []),
        ({"event": {"name": "Off"}}, ["event.name"]),
        ({"event": {"name": "E", "where": WHERE}}, ["event.where.1.name", "event.where.2.name"]),
        ({"event": {"name": "F", "where": WHERE}}, []),
        ({"event": {"name": "E", "measure": {"kind": "DISTINCT", "property": "a"}}}, ["event.measure.property"]),
        ({"event": {"name": "E", "measure": {"kind": "SUM", "property": "o.x"}}}, ["event.measure.property"]),
        (
            {"habit": {"kind": "FIRST_TIME", "name": "Off", "window": {"lastDays": 7}}},
            ["habit.name"],
        ),
        (
            {"sequence": {"steps": [{"event": "E", "where": WHERE[:2]}, {"event": "Off"}], **WITHIN}},
            ["sequence.steps.0.where.1.name", "sequence.steps.1.event"],
        ),
    ],
)
def test_what_is_off_is_refused_at_its_place(rule: dict[str, object], fields: list[str]) -> None:
    problems = check(parse_rule(rule), OFF)
    assert [problem.field for problem in problems] == [f"rule.{field}" for field in fields]
    assert all(problem.hint for problem in problems)


def test_a_rule_names_attributes_events_and_properties_with_the_objects_around_them() -> None:
    rule = parse_rule(
        {
            "all": [
                {"not": {"attribute": {"name": "o.p.q", **SET}}},
                {"event": {"name": "E", "where": WHERE[:1], "measure": {"kind": "SUM", "property": "m.n"}}},
                {"habit": {"kind": "FIRST_TIME", "name": "H", "where": WHERE[:1], "window": {"lastDays": 7}}},
                {"sequence": {"steps": [{"event": "E", "where": WHERE[1:2]}, {"event": "S"}], **WITHIN}},
                {"tag": {"key": "t", **SET}},
                {"segment": "s"},
            ]
        }
    )
    assert names_in(rule) == Names(
        frozenset({"o", "o.p", "o.p.q"}),
        frozenset({"E", "H", "S"}),
        frozenset({("E", "b"), ("E", "m"), ("E", "m.n"), ("H", "b"), ("E", "a")}),
    )


def test_unknown_segments_are_all_named() -> None:
    rule = parse_rule({"any": [{"segment": "vip"}, {"segment": "x"}, {"not": {"segment": "y"}}]})
    assert [problem.field for problem in check(rule, KNOWN)] == ["rule.any.1.segment", "rule.any.2.not.segment"]


def test_a_tree_made_by_hand_is_checked_for_depth_without_running_out_of_stack() -> None:
    rule: Not | SegmentLeaf = SegmentLeaf("vip")
    for _ in range(5_000):
        rule = Not(rule)
    assert ["10 levels" in problem.message for problem in check(rule, KNOWN)] == [True]


def test_a_cycle_is_told_as_the_way_round() -> None:
    rules = {key: parse_rule({"not": {"segment": to}}) for key, to in (("b", "c"), ("c", "a"), ("d", "b"))}
    assert find_cycle("a", parse_rule({"segment": "b"}), rules) == ["a", "b", "c", "a"]
    assert find_cycle("a", parse_rule({"segment": "a"}), rules) == ["a", "a"]
    assert find_cycle("a", parse_rule({"everyone": True}), rules) is None
    assert find_cycle("e", parse_rule({"any": [{"segment": "d"}, {"segment": "b"}]}), rules) is None


def test_a_cycle_goes_over_tags_and_segments() -> None:
    others = {"tag:t": parse_rule({"segment": "b"}), "b": parse_rule({"all": [{"segment": "a"}, {"everyone": True}]})}
    of_a_tag = parse_rule({"any": [{"segment": "t"}, {"tag": {"key": "t", "op": "SET"}}]})
    assert find_cycle("a", of_a_tag, others) == ["a", "tag:t", "b", "a"]
    assert find_cycle("tag:t", parse_rule({"segment": "b"}), {"b": of_a_tag}) == ["tag:t", "b", "tag:t"]
    assert find_cycle("t", of_a_tag, {}) == ["t", "t"]
    assert order_by_dependency({"a": of_a_tag, "tag:t": others["tag:t"], "b": parse_rule({"everyone": True})}) == [
        "b",
        "tag:t",
        "a",
    ]


def test_order_puts_a_segment_after_those_it_names_and_refuses_a_circle() -> None:
    rules = {
        "a": parse_rule({"all": [{"segment": "c"}, {"segment": "elsewhere"}]}),
        "b": parse_rule({"everyone": True}),
        "c": parse_rule({"segment": "b"}),
    }
    assert order_by_dependency(rules) == ["b", "c", "a"]
    with pytest.raises(ValueError, match="circle"):
        order_by_dependency(rules | {"b": parse_rule({"segment": "a"})})


def test_needs_name_everything_that_is_read() -> None:
    rule = parse_rule(
        {
            "all": [
                {"attribute": {"name": "address.city", "op": "SET"}},
                {"segment": "vip"},
                {"tag": {"key": "tier.x", "op": "SET"}},
                {
                    "event": {
                        "name": "E",
                        "where": [{"name": "p", "op": "SET"}],
                        "measure": {"kind": "SUM", "property": "q.r"},
                    }
                },
                {"not": {"event": {"name": "E", "where": [{"name": "s", "op": "SET"}]}}},
                {"event": {"name": "F"}},
            ]
        }
    )
    read = needs(rule)
    assert read.attributes == {"address.city", "address"}
    assert read.events == {"E": {"p", "q", "q.r", "s"}, "F": frozenset()}
    assert read.segments == {"vip"}
    assert read.tags == {"tier.x"}
    other = Needs(frozenset("a"), {"F": frozenset("z")}, frozenset("k"), frozenset("t"))
    assert combine([read, other]).tags == {"tier.x", "t"}
    assert combine([read, other]).events == {"E": {"p", "q", "q.r", "s"}, "F": {"z"}}
    assert combine([read, other]).attributes == {"address.city", "address", "a"}


def test_earliest_is_the_oldest_event_that_can_still_count() -> None:
    utc, now_ms = ZoneInfo("UTC"), parse_iso_ms("2026-07-01T08:30:00Z")

    def oldest(*windows: object) -> str | None:
        rule = parse_rule({"any": [{"event": {"name": "E", "window": window}} for window in windows]})
        at_ms = earliest(rule, now_ms, utc)["E"]
        return None if at_ms is None else iso(at_ms)

    assert oldest({"last": "P1D"}) == "2026-06-30T08:30:00.001Z"
    assert oldest({"last": "P1D"}, {"lastDays": 3}) == "2026-06-29T00:00:00.000Z"
    assert oldest({"daysAgo": {"from": 4, "to": 1}}) == "2026-06-27T00:00:00.000Z"
    assert oldest({"between": {"from": "2020-01-01", "to": "2020-01-02"}}) == "2020-01-01T00:00:00.000Z"
    assert oldest({"last": "P1D"}, None) is None
    assert oldest(None, {"last": "P1D"}) is None


DAY_CASES = [
    ("spring forward at night", "Europe/Berlin", date(2026, 3, 29), "2026-03-28T23:00:00.000Z", 23),
    ("back at night", "Europe/Berlin", date(2026, 10, 25), "2026-10-24T22:00:00.000Z", 25),
    ("no midnight: the day begins at 01:00", "America/Sao_Paulo", date(2018, 11, 4), "2018-11-04T03:00:00.000Z", 23),
    ("midnight inside the gap of 00:01", "America/St_Johns", date(2010, 3, 14), "2010-03-14T03:30:00.000Z", 23),
    ("midnight twice: the first one", "America/St_Johns", date(2010, 11, 7), "2010-11-07T02:30:00.000Z", 25),
    ("skipped day", "Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00:00.000Z", 0),
    ("gap from 23:30 to 00:30", "America/Toronto", date(1919, 3, 31), "1919-03-31T04:30:00.000Z", 23.5),
]  # fmt: skip


@pytest.mark.parametrize(
    ("zone_name", "day", "start", "hours"), [c[1:] for c in DAY_CASES], ids=[c[0] for c in DAY_CASES]
)
def test_a_calendar_day_begins_and_lasts_as_the_zone_says(zone_name: str, day: date, start: str, hours: float) -> None:
    zone, ordinal = ZoneInfo(zone_name), day.toordinal()
    start_ms = day_start(ordinal, zone)
    assert iso(start_ms) == start
    assert day_start(ordinal + 1, zone) - start_ms == hours * 3_600_000
    if hours:
        assert day_of(start_ms, zone) == day_of(day_start(ordinal + 1, zone) - 1, zone) == ordinal
        assert next_day_start(start_ms, zone) == day_start(ordinal + 1, zone)
    assert day_of(start_ms - 1, zone) == ordinal - 1
    assert next_day_start(start_ms - 1, zone) == start_ms
    beginning = list(days_beginning(start_ms - 1, start_ms, zone))
    assert (ordinal, start_ms) in beginning
    assert list(days_beginning(start_ms, start_ms + 1, zone)) == []


def test_days_at_the_ends_of_the_calendar_do_not_fail() -> None:
    zone = ZoneInfo("Pacific/Kiritimati")
    for at_ms in (-(10**16), -62_135_596_800_000, 253_402_300_799_999, 10**16):
        assert day_start(day_of(at_ms, zone), zone) <= at_ms < next_day_start(at_ms, zone)
