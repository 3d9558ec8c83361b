"""What is wrong with a definition: whatever names exist, and by the names that do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from rules.checker import KnownNames, check
from rules.leaf_problems import name_problems
from rules.limits import MAX_TEXT_LENGTH
from rules.operators import MeasureKind
from rules.problems import Problem, text_fault
from rules.tags.definition import (
    MAX_BRANCHES,
    MAX_CONDITIONS,
    MAX_SQL_LENGTH,
    MAX_TOP,
    Branch,
    Condition,
    Cut,
    CutBy,
    Definition,
    FirstLast,
    Imported,
    Layer,
    Lifecycle,
    Manual,
    Preference,
    Rfm,
    Share,
    Sql,
    Statistical,
    condition_count,
)
from rules.tree import Scalar
from rules.type_problems import ValueType
from rules.values import MAX_EXACT_INTEGER, Number


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
        case Statistical(_, layers, shares):
            yield from _layer_problems(layers, f"{field}.statistical.layers")
            if layers and shares:
                yield Problem(f"{field}.statistical.shares", "There are layers already.", "Give one of the two.")
            yield from _share_problems(shares, f"{field}.statistical.shares")
        case Rfm():
            yield from _rfm_problems(definition, f"{field}.rfm")
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
        case Rfm(events):
            places = [(events, f"{field}.rfm")]
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


def _share_problems(shares: Sequence[Share], where: str) -> Iterator[Problem]:
    for position, share in enumerate(shares):
        yield from _text_problems(share.value, f"{where}.{position}.value")
        yield from _percent_problems(share.top_percent, f"{where}.{position}.topPercent")
    yield from _repeated([share.value for share in shares], where, "value")
    for position, (above, below) in enumerate(pairwise(shares)):
        if above.top_percent >= below.top_percent:
            hint = "Each goes on where the one before ends: 20, 50 and 100 are the best fifth, the next 30 %, the rest."
            yield Problem(f"{where}.{position + 1}.topPercent", "The percentages do not ascend.", hint)
            return


def _rfm_problems(definition: Rfm, where: str) -> Iterator[Problem]:
    measure = definition.events.measure
    if measure.kind not in (MeasureKind.SUM, MeasureKind.AVG):
        hint = "Give its property as {kind: SUM, property: …}."
        yield Problem(f"{where}.event.measure.kind", "Money is a SUM or an AVG.", hint)
    if definition.cuts is not None:
        cuts = definition.cuts
        yield from _cut_problems(cuts.recency, f"{where}.cuts.recency")
        yield from _cut_problems(cuts.frequency, f"{where}.cuts.frequency")
        yield from _cut_problems(cuts.monetary, f"{where}.cuts.monetary")


def _cut_problems(cut: Cut, where: str) -> Iterator[Problem]:
    if cut.by is CutBy.TOP and cut.number is not None and not 1 <= cut.number <= MAX_EXACT_INTEGER:
        yield Problem(f"{where}.top", "The number of customers is 1 or more.", None)
    elif cut.by is CutBy.TOP_PERCENT and cut.number is not None:
        yield from _percent_problems(cut.number, f"{where}.topPercent")


def _percent_problems(percent: Number, where: str) -> Iterator[Problem]:
    if not 0 < percent <= 100:
        yield Problem(where, "A percentage is above 0 and at most 100.", None)


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
