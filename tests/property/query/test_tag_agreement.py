"""The value of a computed tag is the same for everybody: in memory, and by one question to each of two engines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.engines.local import FileStore
from analytics.query import asking
from analytics.query.population import prepare
from analytics.query.sources import Tables
from analytics.query.tag_values import tag_values_query
from analytics.store import results
from analytics.store.batch import number_of
from analytics.store.spread import stored_text
from rules.facts import Facts
from rules.tags.compiled import TagValue, compile_tag, same_value
from rules.tags.definition import Definition, is_over_everybody, rule_of
from rules.tags.parser import parse_definition
from tests.property.query import naive_ranks
from tests.property.query.clickhouse import CLICKHOUSE, ClickHouse
from tests.property.query.populations import store_of
from tests.property.query.test_agreement import EXAMPLES, FEW_EXAMPLES, PEOPLE, SEEDS, some
from tests.property.rules.rule_strategies import (
    EVENTS,
    FILTERS,
    MEASURES,
    NAMES,
    NEAR_MS,
    RULES,
    WINDOWS,
    ZONES,
    Customer,
    facts_of,
    named,
)
from tests.support.columns import values_in

Question: TypeAlias = tuple[dict[str, Any], int, ZoneInfo]
# (definition, instant, zone) → what the expression gives.
Ask: TypeAlias = Callable[[Definition, int, ZoneInfo], Iterable[pa.RecordBatch]]

# Nothing but these can be written without a fraction, so that sums are exact whatever adds them up.
_DYADIC = {0.1: 0.5, 2**53: 2**20, 2**53 + 1: 2**20 + 1}
_COUNTED = st.fixed_dictionaries(
    {"name": EVENTS},
    optional={"window": WINDOWS, "where": st.lists(named(FILTERS), min_size=1, max_size=2)},
)
_LAYERS = st.sampled_from(
    [
        [],
        [{"value": "low", "to": 1}, {"value": "high", "from": 1}],
        [{"value": "few", "from": 0.5, "to": 1.5}, {"value": "some", "from": 2, "to": 2.5}],
    ]
)
_TAKES = st.one_of(
    st.sampled_from([{"take": "TIME"}, {"take": "DAYS_SINCE"}]),
    st.builds(
        lambda name, of: {"take": "PROPERTY", "property": name, "type": of},
        NAMES,
        st.sampled_from(["STRING", "NUMBER", "BOOLEAN", "TIME"]),
    ),
)
_VALUES = st.sampled_from([["a", "it's", "\0"], [1, 2.5, -3], [True, False]])


def _branches(of: str, value: str, values: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    def branches(given: list[Any], rules: list[dict[str, Any]]) -> dict[str, Any]:
        return {of: [{value: each, "rule": rule} for each, rule in zip(given, rules, strict=False)]}

    return st.builds(branches, values, st.lists(RULES, min_size=1, max_size=3))


DEFINITIONS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    _branches("values", "value", _VALUES).map(lambda body: {"condition": body}),
    _branches("stages", "stage", st.just(["new", "old", "lost"])).map(lambda body: {"lifecycle": body}),
    st.builds(
        lambda event, measure, layers: {"statistical": {"event": {**event, "measure": measure}, "layers": layers}},
        _COUNTED,
        MEASURES,
        _LAYERS,
    ),
    st.builds(
        lambda event, name, top, more: {"preference": {"event": event, "property": name, "top": top, **more}},
        _COUNTED,
        NAMES,
        st.integers(1, 4),
        st.one_of(st.just({}), NAMES.map(lambda name: {"sum": name})),
    ),
    st.builds(
        lambda event, which, take: {"firstLast": {"event": event, "which": which, **take}},
        _COUNTED,
        st.sampled_from(["FIRST", "LAST"]),
        _TAKES,
    ),
)
_SHARES = st.sampled_from(
    [
        [{"value": "all", "topPercent": 100}],
        [
            {"value": "best", "topPercent": 20},
            {"value": "good", "topPercent": 50},
            {"value": "rest", "topPercent": 100},
        ],
        [{"value": "best", "topPercent": 33.3}, {"value": "good", "topPercent": 66.7}],
    ]
)
_CUTS = st.one_of(
    st.just({"mean": True}),
    st.sampled_from([0, 1, 2, 2.5]).map(lambda number: {"value": number}),
    st.integers(1, 5).map(lambda count: {"top": count}),
    st.sampled_from([20, 33.3, 50, 100]).map(lambda percent: {"topPercent": percent}),
)
_MONEY = st.builds(lambda kind, name: {"kind": kind, "property": name}, st.sampled_from(["SUM", "AVG"]), NAMES)
OVER_EVERYBODY: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(
        lambda event, measure, shares: {"statistical": {"event": {**event, "measure": measure}, "shares": shares}},
        _COUNTED,
        MEASURES,
        _SHARES,
    ),
    st.builds(
        lambda event, money, more: {"rfm": {"event": {**event, "measure": money}, **more}},
        # Without a window as often as not, so that there are enough to compare.
        st.one_of(st.just({"name": "E"}), _COUNTED),
        _MONEY,
        st.one_of(
            st.just({"scores": True}),
            st.fixed_dictionaries({"recency": _CUTS, "frequency": _CUTS, "monetary": _CUTS}).map(
                lambda cuts: {"cuts": cuts}
            ),
        ),
    ),
)
QUESTIONS = st.lists(st.tuples(DEFINITIONS, NEAR_MS, ZONES), min_size=1, max_size=8)
QUESTIONS_OVER_EVERYBODY = st.lists(st.tuples(OVER_EVERYBODY, NEAR_MS, ZONES), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    engine = ClickHouse(Path(tmp_path_factory.mktemp("clickhouse")))
    yield engine
    engine.close()


def stored(value: Any) -> Any:
    """A value as a store keeps it, and with numbers whose sums are exact."""
    if isinstance(value, dict):
        return {key: stored(each) for key, each in value.items()}
    if isinstance(value, list):
        return [stored(each) for each in value]
    if isinstance(value, str):
        return stored_text(value)
    return _DYADIC.get(value, value) if type(value) in (int, float) else value


def people_of(drawn: Sequence[Customer]) -> list[Customer]:
    return [
        (stored(attributes), [(*event, stored(properties)) for *event, properties in events], segments, stored(tags))
        for attributes, events, segments, tags in drawn
    ]


def assert_all_agree(people: Sequence[Customer], questions: Sequence[Question], ask: Ask) -> None:
    for document, now, zone in questions:
        definition = parse_definition(document)
        found = list(values_in(ask(definition, now, zone)))
        values = dict(found)
        assert len(values) == len(found)
        facts = [facts_of(*one) for one in people]
        expected_of = expected_values(document, definition, facts, now, zone)
        for number, (one, expected) in enumerate(zip(people, expected_of, strict=True)):
            answer = values.pop(number_of(f"c{number}"), None)
            assert same_value(answer, expected), (document, one, now, zone)
        assert not values


def expected_values(
    document: dict[str, Any], definition: Definition, people: Sequence[Facts], now: int, zone: ZoneInfo
) -> Sequence[TagValue | None]:
    if is_over_everybody(definition):
        return naive_ranks.values_of(document, people, now, zone)
    value = compile_tag(definition).value
    return [value(facts, now, zone) for facts in people]


def on_duckdb(people: Sequence[Customer], questions: Sequence[Question], seed: int) -> None:
    file = store_of(people, Random(seed))
    reader, tables = FileStore(file).ask(), Tables(file.layout)

    def ask(definition: Definition, now: int, zone: ZoneInfo) -> list[pa.RecordBatch]:
        batches = asking.tag_values(reader, definition, tables, now, zone).to_batches()
        values = dict(values_in(batches))
        kept = asking.keep_tag(reader, results.new_name(), definition, tables, now, zone)
        assert kept.count == len(values)
        differing = reader.compare_values(kept, "x")
        assert_changed(people, values, reader.page_values(kept.name, 0, differing))
        reader.drop(kept.name)
        return batches

    assert_all_agree(people, questions, ask)
    file.close()


def assert_changed(
    people: Sequence[Customer], values: Mapping[int, TagValue], rows: Sequence[tuple[str, TagValue | None]]
) -> None:
    """Those whose value of the tag `x` is another one than it was, as `values` are now; none other but mixed lists."""
    found = dict(rows)
    assert len(found) == len(rows)
    for number, (_, _, _, tags) in enumerate(people):
        id, before = f"c{number}", tags.get("x")
        now = values.get(number_of(id))
        if id in found:
            assert same_value(found[id], now)
            assert is_mixed(now) or is_mixed(before) or not same_value(now, before), (before, now)
        elif not (isinstance(before, list) and None in before):
            # A stored value holds no null, so that those of lists are not told apart.
            assert same_value(now, before), (before, now)


def is_mixed(value: object) -> bool:
    """Whether a list has elements of several kinds, of which the store has not kept the order."""
    return isinstance(value, list) and len({type(each) if type(each) in (str, bool) else float for each in value}) > 1


def on_clickhouse(clickhouse: ClickHouse, people: Sequence[Customer], questions: Sequence[Question], seed: int) -> None:
    file = store_of(people, Random(seed))
    clickhouse.hold(file)
    tables = Tables(file.layout, CLICKHOUSE)

    def ask(definition: Definition, now: int, zone: ZoneInfo) -> Iterator[pa.RecordBatch]:
        found = prepare(rule_of(definition), tables, now, zone, clickhouse.read)
        return clickhouse.read(tag_values_query(definition, tables, now, zone, found))

    assert_all_agree(people, questions, ask)
    file.close()


@some(EXAMPLES)
@given(PEOPLE, QUESTIONS, SEEDS)
def test_everybody_has_the_value_that_memory_computes(
    drawn: list[Customer], questions: list[Question], seed: int
) -> None:
    on_duckdb(people_of(drawn), questions, seed)


@some(FEW_EXAMPLES)
@given(PEOPLE, QUESTIONS, SEEDS)
def test_another_engine_gives_everybody_the_same(
    clickhouse: ClickHouse, drawn: list[Customer], questions: list[Question], seed: int
) -> None:
    on_clickhouse(clickhouse, people_of(drawn), questions, seed)


@some(EXAMPLES)
@given(PEOPLE, QUESTIONS_OVER_EVERYBODY, SEEDS)
def test_everybody_is_compared_with_everybody(drawn: list[Customer], questions: list[Question], seed: int) -> None:
    on_duckdb(people_of(drawn), questions, seed)


@some(FEW_EXAMPLES)
@given(PEOPLE, QUESTIONS_OVER_EVERYBODY, SEEDS)
def test_another_engine_compares_the_same(
    clickhouse: ClickHouse, drawn: list[Customer], questions: list[Question], seed: int
) -> None:
    on_clickhouse(clickhouse, people_of(drawn), questions, seed)
