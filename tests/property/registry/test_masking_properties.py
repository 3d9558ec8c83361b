"""A masked example tells no more than docs/registry.md says, of whatever value."""

from __future__ import annotations

import re

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from base.clock import iso
from ingest.masking import mask_example
from rules.type_problems import ValueType
from rules.value_types import named_values, type_of

many = settings(max_examples=300, deadline=None, database=None)

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
TIMES = st.builds(
    lambda at_ms, cut: iso(at_ms)[:cut], st.integers(-(10**12), 4 * 10**12), st.sampled_from([10, 16, 19, 23, 24])
)


@many
@given(st.text())
def test_of_a_text_nothing_but_two_characters_and_the_length_is_shown(text: str) -> None:
    assume(type_of(text) is ValueType.STRING)
    shown = mask_example(text)
    assert shown == mask_example(text[:2] + "•" * (len(text) - 2) if len(text) > 4 else "•" * len(text))


@many
@given(TIMES, TIMES)
def test_of_a_time_nothing_but_the_year_is_shown(one: str, other: str) -> None:
    shown = mask_example(one)
    assert shown is not None
    assert re.fullmatch(r"\d{4}\D*", shown)
    if one[:4] == other[:4] and len(one) == len(other):
        assert shown == mask_example(other)


@many
@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_of_a_number_at_most_five_digits_are_shown(number: float) -> None:
    shown = mask_example(number)
    assert shown is not None
    assert len(re.findall(r"\d", shown.partition("…")[0])) <= 5


@many
@given(st.lists(VALUES))
def test_of_a_list_nothing_but_its_length_is_shown(values: list[object]) -> None:
    assert mask_example(values) == mask_example([None] * len(values))


@many
@given(VALUES)
def test_objects_and_nulls_show_nothing_and_everything_else_something_short(value: object) -> None:
    shown = mask_example(value)
    assert (shown is None) is (type_of(value) in (None, ValueType.OBJECT))
    assert shown is None or len(shown) <= 40


@many
@given(st.dictionaries(st.text(max_size=8), VALUES, max_size=5))
def test_every_value_that_can_be_named_is_there_by_its_path(document: dict[str, object]) -> None:
    for name, value in named_values(document):
        assert value is not None
        assert 0 < len(name) <= 200
        assert name.split(".")[0] in {key.split(".")[0] for key in document}
    named = {name for name, _ in named_values(document)}
    assert named >= {key for key, value in document.items() if key and value is not None}
