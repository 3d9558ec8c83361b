"""What is wrong with a rule before it is saved: limits, values per operator, types, unknown segments, cycles."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from rules.limits import MAX_DEPTH, MAX_LEAVES, MAX_NAME_LENGTH, MAX_WHERE
from rules.operators import (
    MEASURE_OPERATORS,
    MEASURES_OF_A_PROPERTY,
    RELATIVE_OPERATORS,
    MeasureKind,
    Operator,
)
from rules.problems import Problem, text_fault, value_problems, window_problems
from rules.tree import (
    All,
    Any_,
    AttributeLeaf,
    EventLeaf,
    Not,
    PropertyCondition,
    Rule,
    SegmentLeaf,
    children_of,
    leaves_of,
)

__all__ = ["KnownNames", "Problem", "ValueType", "check", "find_cycle", "structure_problems"]


class ValueType(StrEnum):
    """Types that the registry of names gives to attributes and properties."""

    STRING = "STRING"
    NUMBER = "NUMBER"
    BOOLEAN = "BOOLEAN"
    TIME = "TIME"
    LIST = "LIST"


@dataclass(frozen=True, slots=True)
class KnownNames:
    """What exists when a rule is saved.

    Attributes:
        segments: keys that a rule may name.
        attributes: types of attributes; a name that is missing here is not checked.
        properties: types of event properties by (event, property); likewise.
    """

    segments: Collection[str] = frozenset()
    attributes: Mapping[str, ValueType] = field(default_factory=dict)
    properties: Mapping[tuple[str, str], ValueType] = field(default_factory=dict)


def check(rule: Rule, known: KnownNames, path: str = "rule") -> list[Problem]:
    """Everything that is wrong with a rule, in written order; empty when it can be saved."""
    problems = list(structure_problems(rule, path))
    if problems:
        return problems
    for node, where, _ in _walk(rule, path):
        if isinstance(node, SegmentLeaf) and node.key not in known.segments:
            problems.append(Problem(where, "There is no such segment.", "Create it first, or correct the key."))
        elif isinstance(node, AttributeLeaf):
            problems += _type_problems(node, known.attributes.get(node.name), where)
        elif isinstance(node, EventLeaf):
            problems += _event_type_problems(node, known, where)
    return problems


def structure_problems(rule: Rule, path: str = "rule") -> Iterator[Problem]:
    """What is wrong with a rule whatever names exist. A rule without such problems can be evaluated."""
    leaves = 0
    for node, where, depth in _walk(rule, path):
        if depth > MAX_DEPTH:
            yield Problem(where, f"A rule is at most {MAX_DEPTH} levels deep.", "Put a part into a segment.")
            return
        if isinstance(node, AttributeLeaf | EventLeaf | SegmentLeaf):
            leaves += 1
        if leaves > MAX_LEAVES:
            yield Problem(
                where, f"A rule has at most {MAX_LEAVES} conditions.", "Use IN, or put a part into a segment."
            )
            return
        yield from _node_problems(node, where)


def find_cycle(key: str, rule: Rule, others: Mapping[str, Rule]) -> list[str] | None:
    """The way from a segment back to itself if it had this rule, e.g. `["a", "b", "a"]`; None when there is none.

    Args:
        key: the segment to be saved.
        rule: its new rule.
        others: the rules of all segments; the entry of `key` itself is not used.
    """
    came_from: dict[str, str] = {}
    waiting = [key]
    while waiting:
        current = waiting.pop()
        current_rule = rule if current == key else others.get(current)
        if current_rule is None:
            continue
        for leaf in leaves_of(current_rule):
            if not isinstance(leaf, SegmentLeaf):
                continue
            if leaf.key == key:
                way = [key, current]
                while way[-1] != key:
                    way.append(came_from[way[-1]])
                return way[::-1]
            if leaf.key not in came_from:
                came_from[leaf.key] = current
                waiting.append(leaf.key)
    return None


def _walk(rule: Rule, path: str) -> Iterator[tuple[Rule, str, int]]:
    """(node, path, depth from 1) in written order; by a stack, as an unchecked rule may be of any depth."""
    waiting = [(rule, path, 1)]
    while waiting:
        node, where, depth = waiting.pop()
        if isinstance(node, AttributeLeaf):
            yield node, f"{where}.attribute", depth
        elif isinstance(node, EventLeaf):
            yield node, f"{where}.event", depth
        elif isinstance(node, SegmentLeaf):
            yield node, f"{where}.segment", depth
        else:
            yield node, where, depth
            prefix = "not" if isinstance(node, Not) else "all" if isinstance(node, All) else "any"
            for position, child in reversed(list(enumerate(children_of(node)))):
                place = prefix if isinstance(node, Not) else f"{prefix}.{position}"
                waiting.append((child, f"{where}.{place}", depth + 1))


def _node_problems(node: Rule, where: str) -> Iterator[Problem]:
    if isinstance(node, All | Any_):
        if not node.children:
            place = f"{where}.{'all' if isinstance(node, All) else 'any'}"
            yield Problem(place, "A list of conditions is empty.", "Write {everyone: true} for all customers.")
    elif isinstance(node, AttributeLeaf):
        yield from _name_problems(node.name, f"{where}.name")
        yield from value_problems(node.op, node.values, where)
    elif isinstance(node, EventLeaf):
        yield from _event_problems(node, where)
    elif isinstance(node, SegmentLeaf):
        yield from _name_problems(node.key, where)


def _event_problems(leaf: EventLeaf, where: str) -> Iterator[Problem]:
    yield from _name_problems(leaf.name, f"{where}.name")
    if len(leaf.where) > MAX_WHERE:
        yield Problem(f"{where}.where", f"At most {MAX_WHERE} conditions on properties.", "Use IN for values.")
        return
    for position, condition in enumerate(leaf.where):
        yield from _property_problems(condition, f"{where}.where.{position}")
    measure = leaf.measure
    if measure.kind in MEASURES_OF_A_PROPERTY:
        if measure.property is None:
            yield Problem(f"{where}.measure.property", f"{measure.kind} needs a property.", None)
        else:
            yield from _name_problems(measure.property, f"{where}.measure.property")
    elif measure.property is not None:
        yield Problem(f"{where}.measure.property", f"{measure.kind} takes no property.", "Leave it out.")
    if leaf.op not in MEASURE_OPERATORS:
        allowed = ", ".join(sorted(MEASURE_OPERATORS))
        yield Problem(f"{where}.op", "A measure is compared as a number.", f"Use one of {allowed}.")
    else:
        yield from value_problems(leaf.op, leaf.values, where, numbers_only=True)
    yield from window_problems(leaf.window, f"{where}.window")


def _property_problems(condition: PropertyCondition, where: str) -> Iterator[Problem]:
    yield from _name_problems(condition.name, f"{where}.name")
    if condition.op in RELATIVE_OPERATORS:
        yield Problem(
            f"{where}.op",
            "What happened does not change with time, so a property is not compared with the present.",
            "Use BEFORE, AFTER or BETWEEN with fixed times, or the event's window.",
        )
    else:
        yield from value_problems(condition.op, condition.values, where)


def _name_problems(name: str, where: str) -> Iterator[Problem]:
    if not name or len(name) > MAX_NAME_LENGTH:
        yield Problem(where, f"A name has 1 to {MAX_NAME_LENGTH} characters.", None)
    elif fault := text_fault(name):
        yield Problem(where, fault, None)


def _event_type_problems(leaf: EventLeaf, known: KnownNames, where: str) -> Iterator[Problem]:
    for position, condition in enumerate(leaf.where):
        value_type = known.properties.get((leaf.name, condition.name))
        yield from _type_problems(condition, value_type, f"{where}.where.{position}")
    measure = leaf.measure
    if measure.property is None or measure.kind is MeasureKind.DISTINCT:
        return
    value_type = known.properties.get((leaf.name, measure.property))
    if value_type not in (None, ValueType.NUMBER):
        yield Problem(
            f"{where}.measure.property",
            f"{measure.kind} needs a NUMBER, but the property is a {value_type}.",
            "Use DISTINCT, or another property.",
        )


_LIST_OPERATORS = frozenset({Operator.HAS, Operator.HAS_ANY, Operator.HAS_ALL})
_ANY_TYPE = frozenset({Operator.SET, Operator.NOT_SET})
_BY_VALUE = frozenset({Operator.EQ, Operator.NE, Operator.IN, Operator.NOT_IN})
_BY_OPERATOR: dict[ValueType, frozenset[Operator]] = {
    ValueType.STRING: frozenset(
        {
            Operator.CONTAINS,
            Operator.NOT_CONTAINS,
            Operator.STARTS_WITH,
            Operator.ENDS_WITH,
            Operator.MATCHES,
            Operator.NOT_MATCHES,
            Operator.IEQ,
        }
    ),
    ValueType.NUMBER: frozenset({Operator.LT, Operator.LTE, Operator.GT, Operator.GTE, Operator.BETWEEN}),
    ValueType.BOOLEAN: frozenset({Operator.IS_TRUE, Operator.IS_FALSE}),
    ValueType.TIME: frozenset({Operator.BEFORE, Operator.AFTER, Operator.BETWEEN}) | RELATIVE_OPERATORS,
    ValueType.LIST: _LIST_OPERATORS,
}


def _type_problems(
    condition: AttributeLeaf | PropertyCondition, value_type: ValueType | None, where: str
) -> Iterator[Problem]:
    if value_type is None or condition.op in _ANY_TYPE:
        return
    if condition.op in _BY_VALUE or condition.op is Operator.BETWEEN:
        value = condition.values[0]
        given = "BOOLEAN" if type(value) is bool else "STRING" if type(value) is str else "NUMBER"
        if value_type is ValueType.LIST:
            yield Problem(f"{where}.op", f"{condition.op} does not look into a LIST.", "Use HAS, HAS_ANY or HAS_ALL.")
        elif given != ("STRING" if value_type is ValueType.TIME else value_type) or (
            condition.op is Operator.BETWEEN and value_type is ValueType.STRING
        ):
            yield Problem(f"{where}.values", f"The value is a {value_type}, but it is compared with a {given}.", None)
    elif condition.op not in _BY_OPERATOR[value_type]:
        allowed = ", ".join(sorted(_BY_OPERATOR[value_type] | _ANY_TYPE))
        yield Problem(f"{where}.op", f"{condition.op} does not apply to a {value_type}.", f"Use one of {allowed}.")
