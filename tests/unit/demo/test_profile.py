"""How the demonstration shows profiles, explanations and counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from demo.cdnow import Order
from demo.profile import Explanation, Profile, explanation_lines, profile_lines, short
from demo.segments import BIG_SPENDERS, LAPSED, PLANS, QUICK, REGULARS, count_in_file
from rules.parser import parse_rule

EVENT = {"name": "Order Completed", "values": [2], "window": {"last": "PT10S"}}


def make_explanation(kind: str, condition: Mapping[str, object], answer: bool, value: object) -> Explanation:
    return Explanation(kind, {kind: condition}, answer, value, [])


def orders_of(customer: str, *when_and_total: tuple[date, float]) -> list[Order]:
    return [Order(customer, number, on, 1, total) for number, (on, total) in enumerate(when_and_total, 1)]


def test_a_long_id_shows_its_end() -> None:
    assert short("cus_06h09h830bhveh8gj2cmu29i") == "cus_…cmu29i"


def test_a_profile_is_one_fact_a_line_and_says_when_there_is_none() -> None:
    profile = Profile(
        id="cus_06h09h830bhveh8gj2cmu29i",
        identifiers=[{"namespace": "user_id", "value": "u1"}, {"namespace": "email", "value": "a@example.com"}],
        attributes=[],
        segments=[{"segment": {"key": "buyers"}, "since": "2026-07-01T08:30:00.000Z"}],
        events={
            "edges": [
                {"node": {"name": "Order Completed", "at": "2026-07-01T08:30:00.000Z", "properties": {"total": 12.5}}},
                {"node": {"name": "Page Viewed", "at": "2026-07-01T08:00:00.000Z", "properties": {}}},
            ]
        },
    )

    assert profile_lines(profile) == [
        "customer     cus_…cmu29i",
        "identifiers  user_id u1",
        "             email a@example.com",
        "attributes   none",
        "segments     buyers, since 2026-07-01T08:30:00.000Z",
        "last events  2026-07-01T08:30:00.000Z  Order Completed  12.50",
        "             2026-07-01T08:00:00.000Z  Page Viewed",
    ]


@pytest.mark.parametrize(
    ("explanation", "line"),
    [
        (
            make_explanation("event", EVENT, True, 2),
            "✓ COUNT of Order Completed in the last PT10S GTE 2 (is 2)",
        ),
        (
            make_explanation(
                "event",
                {
                    "name": "Order Completed",
                    "measure": {"kind": "SUM", "property": "total"},
                    "op": "GT",
                    "values": [500],
                },
                False,
                12.5,
            ),
            "✗ SUM total of Order Completed GT 500 (is 12.5)",
        ),
        (
            make_explanation(
                "event",
                {
                    "name": "Visit",
                    "window": {"between": {"from": "1998-04-01T00:00:00.000Z", "to": "1998-07-01T00:00:00.000Z"}},
                },
                False,
                0,
            ),
            "✗ COUNT of Visit from 1998-04-01 to 1998-07-01 GTE 1 (is 0)",
        ),
        (
            make_explanation("attribute", {"name": "city", "op": "IN", "values": ["Basel", "Bern"]}, True, "Bern"),
            "✓ city IN Basel, Bern (is Bern)",
        ),
        (make_explanation("attribute", {"name": "city", "op": "SET"}, False, None), "✗ city SET (is None)"),
    ],
)
def test_a_condition_reads_as_a_sentence(explanation: Explanation, line: str) -> None:
    assert list(explanation_lines(explanation)) == [line]


def test_an_explanation_is_a_tree_with_its_evidence() -> None:
    event = Explanation("event", {"event": EVENT}, True, 3, ["evt_aaaaaa1", "evt_aaaaaa2", "evt_aaaaaa3"])
    segment = Explanation("segment", {"segment": "regulars"}, False, False, [])

    lines = list(explanation_lines(Explanation("all", None, False, None, [], [segment, event])))

    assert lines == [
        "✗ all",
        "  ✗ in segment regulars",
        "  ✓ COUNT of Order Completed in the last PT10S GTE 2 (is 3)  because of evt_…aaaaa1, evt_…aaaaa2 and 1 more",
    ]


def test_counts_from_the_file_ask_what_the_rules_ask() -> None:
    winter, spring = date(1997, 12, 1), date(1998, 4, 1)
    orders = [
        *orders_of("lapsed", *[(winter, 100.0)] * 5),
        *orders_of("faithful", *[(winter, 100.01)] * 4, (spring, 100.0)),
        *orders_of("rare", (winter, 501.0)),
    ]

    counts = {plan.key: count_in_file(plan, orders) for plan in PLANS}

    # lapsed spent 500 exactly, which is not more than 500.
    assert counts == {REGULARS: 2, BIG_SPENDERS: 2, LAPSED: 1, QUICK: None}


def test_every_rule_of_the_demonstration_can_be_saved() -> None:
    for plan in PLANS:
        parse_rule(plan.rule)
