"""What is wrong with a definition: whatever names exist, and by the names that do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from rules.checker import KnownNames, check
from rules.leaf_problems import name_problems
from rules.limits import MAX_TEXT_LENGTH
from rules.problems import Problem, text_fault
from rules.tags.definition import (
    MAX_BRANCHES,
    MAX_CONDITIONS,
    MAX_SQL_LENGTH,
    MAX_TOP,
    Branch,
    Condition,
    Definition,
    FirstLast,
    Imported,
    Layer,
    Lifecycle,
    Manual,
    Preference,
    Sql,
    Statistical,
    condition_count,
)
from rules.tree import Scalar
from rules.type_problems import ValueType


def definition_problems(definition: Definition, field: str = "definition") -> Iterator[Problem]:
    """What is wrong beside the rules and events inside, which were parsed; in written order."""
    match definition:
        case Condition(branches):
            yield from _branch_problems(branches, f"{field}.condition.values", "value")
        case Lifecycle(branches):
            where = f"{field}.lifecycle.stages"
            yield from _branch_problems(branches, where, "stage")
            for position, branch in enumerate(branches):
                if type(branch.value) is not str:
                    yield Problem(f"{where}.{position}.stage", "The name of a stage is a text.", None)
        case Statistical(_, layers):
            yield from _layer_problems(layers, f"{field}.statistical.layers")
        case Preference():
            where = f"{field}.preference"
            yield from name_problems(definition.property, f"{where}.property")
            if definition.sum is not None:
                yield from name_problems(definition.sum, f"{where}.sum")
            if not 1 <= definition.top <= MAX_TOP:
                yield Problem(f"{where}.top", f"A preference has 1 to {MAX_TOP} values.", None)
        case FirstLast(property=name, property_type=of_type):
            if name is not None:
                yield from name_problems(name, f"{field}.firstLast.property")
            if of_type is ValueType.LIST:
                yield Problem(f"{field}.firstLast.type", "A list is not taken of an event.", "Use a PREFERENCE tag.")
        case Imported(of_type):
            yield from _type_problems(of_type, f"{field}.imported.type")
        case Sql(text, of_type):
            if not 1 <= len(text.strip()) <= len(text) <= MAX_SQL_LENGTH:
                yield Problem(f"{field}.sql.text", f"A statement has 1 to {MAX_SQL_LENGTH:,} characters.", None)
            elif fault := text_fault(text):
                yield Problem(f"{field}.sql.text", fault, None)
            yield from _type_problems(of_type, f"{field}.sql.type")
        case Manual():
            pass
    if condition_count(definition) > MAX_CONDITIONS:
        yield Problem(field, f"A tag has at most {MAX_CONDITIONS} conditions.", "Put a part into a segment.")


def check_definition(definition: Definition, known: KnownNames, field: str = "definition") -> list[Problem]:
    """What names a definition uses wrongly, in written order; empty when it can be saved."""
    match definition:
        case Condition(branches):
            places = [(branch.rule, f"{field}.condition.values.{n}.rule") for n, branch in enumerate(branches)]
        case Lifecycle(branches):
            places = [(branch.rule, f"{field}.lifecycle.stages.{n}.rule") for n, branch in enumerate(branches)]
        case Statistical(events):
            places = [(events, f"{field}.statistical")]
        case Preference(events):
            places = [(events, f"{field}.preference")]
        case FirstLast(events):
            places = [(events, f"{field}.firstLast")]
        case Manual() | Imported() | Sql():
            places = []
    return [problem for rule, where in places for problem in check(rule, known, where)]


def _type_problems(of_type: ValueType, where: str) -> Iterator[Problem]:
    if of_type is ValueType.OBJECT:
        yield Problem(where, "A tag has no objects.", "Use STRING, NUMBER, BOOLEAN, TIME or LIST.")


def _branch_problems(branches: Sequence[Branch], where: str, of: str) -> Iterator[Problem]:
    if not branches:
        yield Problem(where, f"There are 1 to {MAX_BRANCHES} entries.", None)
    for position, branch in enumerate(branches):
        yield from _text_problems(branch.value, f"{where}.{position}.{of}")
    if len({type(branch.value) if type(branch.value) in (str, bool) else float for branch in branches}) > 1:
        yield Problem(where, "The values are of different types.", "Give values of one type.")
    yield from _repeated([branch.value for branch in branches], where, of)


def _layer_problems(layers: Sequence[Layer], where: str) -> Iterator[Problem]:
    for position, layer in enumerate(layers):
        yield from _text_problems(layer.value, f"{where}.{position}.value")
        if layer.from_ is not None and layer.to is not None and layer.from_ >= layer.to:
            yield Problem(f"{where}.{position}", "The end does not lie above the beginning.", "Exchange them.")
    yield from _repeated([layer.value for layer in layers], where, "value")
    for position, (below, above) in enumerate(pairwise(layers)):
        if below.to is None or above.from_ is None or below.to > above.from_:
            message = "Two layers overlap, or do not ascend."
            hint = "A layer holds from ≤ number < to, and only the first has no from and the last no to."
            yield Problem(f"{where}.{position + 1}", message, hint)
            return


def _text_problems(value: Scalar, where: str) -> Iterator[Problem]:
    if type(value) is str:
        if not 1 <= len(value) <= MAX_TEXT_LENGTH:
            yield Problem(where, f"A value has 1 to {MAX_TEXT_LENGTH} characters.", None)
        elif fault := text_fault(value):
            yield Problem(where, fault, None)


def _repeated(values: Sequence[Scalar], where: str, of: str) -> Iterator[Problem]:
    for position, value in enumerate(values):
        if value in values[:position]:
            yield Problem(f"{where}.{position}.{of}", "This value stands there twice.", "Join the rules with any.")
            return
