"""Both readings of a rule and a third, naive one agree for everybody: in memory and on the columnar store."""

from __future__ import annotations

import os
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from analytics.query import asking
from analytics.query.sources import Tables
from analytics.store.batch import number_of
from rules.evaluate import evaluate
from rules.parser import parse_rule
from tests.property.query.populations import store_of
from tests.property.rules import naive_rules
from tests.property.rules.rule_strategies import NEAR_MS, RULES, ZONES, Customer, customers, facts_of

# Each asks several rules about several customers. By hand: KITH_TEST_AGREEMENT=2000.
EXAMPLES = int(os.environ.get("KITH_TEST_AGREEMENT", "40"))
# A failure names one rule and one customer, which is small enough: making it smaller would take many stores.
many = settings(
    max_examples=EXAMPLES,
    phases=(Phase.generate,),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@many
@given(
    st.lists(customers(), min_size=1, max_size=12),
    st.lists(st.tuples(RULES, NEAR_MS, ZONES), min_size=1, max_size=8),
    st.integers(0, 2**32),
)
def test_both_readings_and_the_naive_one_agree(
    people: list[Customer], questions: list[tuple[dict[str, Any], int, ZoneInfo]], seed: int
) -> None:
    file = store_of(people, Random(seed))
    reader, tables = file.reader(), Tables(file.layout)
    for document, now, zone in questions:
        rule = parse_rule(document)
        found = asking.customers(reader, rule, tables, now, zone)["customer"].to_pylist()
        assert len(set(found)) == len(found) == asking.count(reader, rule, tables, now, zone)
        for number, one in enumerate(people):
            answer = evaluate(rule, facts_of(*one), now, zone)
            assert answer is naive_rules.holds(document, *one, now, zone)
            assert (number_of(f"c{number}") in found) is answer, (document, one, now, zone)
    file.close()
