"""The difference of two rules says everything: it turns the one into the other."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rules.difference import Difference, DifferenceKind, difference
from rules.parser import parse_rule
from rules.printer import print_rule
from tests.property.rules.rule_strategies import RULES

DOCUMENTS = st.recursive(
    st.one_of(st.booleans(), st.integers(0, 2), st.sampled_from([0.0, 1.0]), st.sampled_from("ab")),
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)),
    max_leaves=12,
)


def applied(document: Any, found: list[Difference]) -> Any:
    """The old document with the differences, as the module says that they are to be read."""
    holder = {"root": copy.deepcopy(document)}
    removed = [one for one in found if one.kind is DifferenceKind.REMOVED]
    # From behind, so that the places before stay what they were.
    for one in sorted(removed, key=lambda one: _steps(one.path), reverse=True):
        parent, last = _parent(holder, one.path)
        assert parent[last] == one.before
        del parent[last]
    for one in sorted((one for one in found if one not in removed), key=lambda one: _steps(one.path)):
        parent, last = _parent(holder, one.path)
        if one.kind is DifferenceKind.CHANGED:
            assert parent[last] == one.before
            parent[last] = one.after
        elif isinstance(parent, list):
            parent.insert(last, one.after)
        else:
            parent[last] = one.after
    return holder["root"]


def _steps(path: str) -> list[tuple[int, str]]:
    return [(int(step), "") if step.isdigit() else (0, step) for step in path.split(".")]


def _parent(holder: Any, path: str) -> tuple[Any, Any]:
    *way, last = path.split(".")
    for step in way:
        holder = holder[int(step)] if isinstance(holder, list) else holder[step]
    return holder, int(last) if isinstance(holder, list) else last


def same(one: object, other: object) -> bool:
    """Equal, types included."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@given(DOCUMENTS, DOCUMENTS)
def test_a_difference_applied_to_the_old_document_gives_the_new_one(old: object, new: object) -> None:
    assert same(applied(old, difference(old, new, "root")), new)


@given(RULES, RULES)
def test_so_does_that_of_two_rules(old: dict[str, Any], new: dict[str, Any]) -> None:
    before, after = print_rule(parse_rule(old)), print_rule(parse_rule(new))

    assert same(applied(before, difference(before, after, "root")), after)


@given(DOCUMENTS)
def test_equal_documents_do_not_differ(document: object) -> None:
    assert difference(document, copy.deepcopy(document), "root") == []
