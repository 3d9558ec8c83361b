"""All readings of a rule agree for everybody: in memory, a naive one, and one question to each of two engines."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from analytics.engines.local import FileStore
from analytics.query import asking
from analytics.query.population import prepare, to_query
from analytics.query.sources import Tables
from analytics.store.batch import number_of
from rules.evaluate import evaluate
from rules.parser import parse_rule
from rules.tree import Rule
from tests.property.query.clickhouse import CLICKHOUSE, ClickHouse
from tests.property.query.populations import store_of
from tests.property.rules import even_draws, naive_rules
from tests.property.rules.rule_strategies import BASE_MS, NEAR_MS, RULES, ZONES, Customer, customers, facts_of

# Each asks several rules about several customers. By hand: KITH_TEST_AGREEMENT=2000.
EXAMPLES = int(os.environ.get("KITH_TEST_AGREEMENT", "20"))
# The second engine takes five times as long.
FEW_EXAMPLES = EXAMPLES // 5
UTC = ZoneInfo("UTC")

Question: TypeAlias = tuple[dict[str, Any], int, ZoneInfo]
# (rule, instant, zone) → numbers of customers.
Ask: TypeAlias = Callable[[Rule, int, ZoneInfo], list[int]]

PEOPLE = st.lists(customers(), min_size=1, max_size=12)
QUESTIONS = st.lists(st.tuples(RULES, NEAR_MS, ZONES), min_size=1, max_size=8)
SEEDS = st.integers(0, 2**32)


def some(count: int) -> settings:
    """A failure names one rule and one customer, which is small enough: to make it smaller takes many stores."""
    health = list(HealthCheck)
    return settings(
        max_examples=count, phases=(Phase.generate,), deadline=None, database=None, suppress_health_check=health
    )


@pytest.fixture(scope="module")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    engine = ClickHouse(Path(tmp_path_factory.mktemp("clickhouse")))
    yield engine
    engine.close()


def assert_all_agree(people: Sequence[Customer], questions: Sequence[Question], ask: Ask) -> None:
    for document, now, zone in questions:
        rule = parse_rule(document)
        found = ask(rule, now, zone)
        assert len(set(found)) == len(found)
        for number, one in enumerate(people):
            answer = evaluate(rule, facts_of(*one), now, zone)
            assert answer is naive_rules.holds(document, *one, now, zone)
            assert (number_of(f"c{number}") in found) is answer, (document, one, now, zone)


def on_duckdb(people: Sequence[Customer], questions: Sequence[Question], seed: int) -> None:
    file = store_of(people, Random(seed))
    reader, tables = FileStore(file).ask(), Tables(file.layout)

    def ask(rule: Rule, now: int, zone: ZoneInfo) -> list[int]:
        found: list[int] = asking.customers(reader, rule, tables, now, zone)["customer"].to_pylist()
        assert asking.count(reader, rule, tables, now, zone) == len(found)
        return found

    assert_all_agree(people, questions, ask)
    file.close()


def on_clickhouse(clickhouse: ClickHouse, people: Sequence[Customer], questions: Sequence[Question], seed: int) -> None:
    file = store_of(people, Random(seed))
    clickhouse.hold(file)
    tables = Tables(file.layout, CLICKHOUSE)

    def ask(rule: Rule, now: int, zone: ZoneInfo) -> list[int]:
        found = prepare(rule, tables, now, zone, clickhouse.read)
        batches = clickhouse.read(to_query(rule, tables, now, zone, found))
        return [customer for batch in batches for customer in batch.column(0).to_pylist()]

    assert_all_agree(people, questions, ask)
    file.close()


def behaviour(seed: int) -> tuple[list[Customer], list[Question]]:
    """Sequences and habits that come and go within milliseconds, and customers with many events there."""
    random = Random(seed)
    people: list[Customer] = [
        ({}, even_draws.moments(random, random.randint(2, 8), days=random.random() < 0.7), set(), {}) for _ in range(12)
    ]
    return people, [(even_draws.behaviour(random), BASE_MS + random.randint(-4, 4), UTC) for _ in range(8)]


@some(EXAMPLES)
@given(PEOPLE, QUESTIONS, SEEDS)
def test_all_readings_agree(people: list[Customer], questions: list[Question], seed: int) -> None:
    on_duckdb(people, questions, seed)


@some(EXAMPLES)
@given(SEEDS)
def test_all_readings_of_sequences_and_habits_agree(seed: int) -> None:
    on_duckdb(*behaviour(seed), seed)


@some(FEW_EXAMPLES)
@given(PEOPLE, QUESTIONS, SEEDS)
def test_another_engine_answers_the_same(
    clickhouse: ClickHouse, people: list[Customer], questions: list[Question], seed: int
) -> None:
    on_clickhouse(clickhouse, people, questions, seed)


@some(FEW_EXAMPLES)
@given(SEEDS)
def test_another_engine_answers_the_same_of_sequences_and_habits(clickhouse: ClickHouse, seed: int) -> None:
    on_clickhouse(clickhouse, *behaviour(seed), seed)
