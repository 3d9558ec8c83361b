"""What is wrong with a rule before it is saved: limits, values per operator, types, unknown names, cycles."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, assert_never

from rules.consent import is_reserved
from rules.leaf_problems import leaf_problems
from rules.limits import MAX_DEPTH, MAX_LEAVES
from rules.names import Names, enclosing
from rules.needs import named_by
from rules.operators import MeasureKind
from rules.problems import Problem
from rules.tree import (
    All,
    Any_,
    AttributeLeaf,
    EventLeaf,
    Group,
    HabitLeaf,
    Leaf,
    ListLeaf,
    Not,
    PropertyCondition,
    Rule,
    SegmentLeaf,
    SequenceLeaf,
    TagLeaf,
    children_of,
    conditions_in,
)
from rules.type_problems import ValueType, type_problems

__all__ = ["KnownNames", "Problem", "ValueType", "check", "find_cycle", "structure_problems"]

_KINDS: Final[dict[type[Leaf], str]] = {
    AttributeLeaf: "attribute",
    EventLeaf: "event",
    HabitLeaf: "habit",
    ListLeaf: "list",
    SegmentLeaf: "segment",
    SequenceLeaf: "sequence",
    TagLeaf: "tag",
}


@dataclass(frozen=True, slots=True)
class KnownNames:
    """What exists when a rule is saved.

    Attributes:
        segments: keys that exist; a rule may name them unless they are archived.
        archived: keys of segments that are not offered for new use.
        attributes: types of attributes; a name that is missing here is not checked.
        properties: types of event properties by (event, property); likewise.
        tags: types of the tags that a rule may name, by key.
        off: names that no new rule may use; of an object, all that lies in it.
    """

    segments: Collection[str] = frozenset()
    archived: Collection[str] = frozenset()
    attributes: Mapping[str, ValueType] = field(default_factory=dict)
    properties: Mapping[tuple[str, str], ValueType] = field(default_factory=dict)
    tags: Mapping[str, ValueType] = field(default_factory=dict)
    off: Names = field(default_factory=Names)


def check(rule: Rule, known: KnownNames, path: str = "rule") -> list[Problem]:
    """Everything that is wrong with a rule, in written order; empty when it can be saved."""
    problems = list(structure_problems(rule, path))
    if problems:
        return problems
    for node, where, _ in _walk(rule, path):
        if isinstance(node, AttributeLeaf) and is_reserved(node.name):
            hint = "Rules do not read consents: give lists a purpose and a channel."
            problems.append(Problem(where, "This name is kept for consents.", hint))
        if not isinstance(node, Group):
            problems += _name_problems(node, known, where)
    return problems


def structure_problems(rule: Rule, path: str = "rule") -> Iterator[Problem]:
    """What is wrong with a rule whatever names exist. A rule without such problems can be evaluated."""
    leaves = 0
    for node, where, depth in _walk(rule, path):
        if depth > MAX_DEPTH:
            yield Problem(where, f"A rule is at most {MAX_DEPTH} levels deep.", "Put a part into a segment.")
            return
        if isinstance(node, Group):
            if isinstance(node, All | Any_) and not node.children:
                place = f"{where}.{'all' if isinstance(node, All) else 'any'}"
                yield Problem(place, "A list of conditions is empty.", "Write {everyone: true} for all customers.")
            continue
        leaves += conditions_in(node)
        if leaves > MAX_LEAVES:
            yield Problem(
                where, f"A rule has at most {MAX_LEAVES} conditions.", "Use IN, or put a part into a segment."
            )
            return
        yield from leaf_problems(node, where)


def find_cycle(key: str, rule: Rule, others: Mapping[str, Rule]) -> list[str] | None:
    """The way from a segment back to itself if it had this rule, e.g. `["a", "b", "a"]`; None when there is none.

    Args:
        key: the segment to be saved, or the tag, as `named_by` names it.
        rule: its new rule.
        others: the rules of all segments and tags, by the same names; the entry of `key` itself is not used.
    """
    came_from: dict[str, str] = {}
    waiting = [key]
    while waiting:
        current = waiting.pop()
        current_rule = rule if current == key else others.get(current)
        if current_rule is None:
            continue
        for name in named_by(current_rule):
            if name == key:
                way = [key, current]
                while way[-1] != key:
                    way.append(came_from[way[-1]])
                return way[::-1]
            if name not in came_from:
                came_from[name] = current
                waiting.append(name)
    return None


def _walk(rule: Rule, path: str) -> Iterator[tuple[Rule, str, int]]:
    """(node, path, depth from 1) in written order; by a stack, as an unchecked rule may be of any depth."""
    waiting = [(rule, path, 1)]
    while waiting:
        node, where, depth = waiting.pop()
        if not isinstance(node, Group):
            yield node, f"{where}.{_KINDS[type(node)]}", depth
            continue
        yield node, where, depth
        prefix = "not" if isinstance(node, Not) else "all" if isinstance(node, All) else "any"
        for position, child in reversed(list(enumerate(children_of(node)))):
            place = prefix if isinstance(node, Not) else f"{prefix}.{position}"
            waiting.append((child, f"{where}.{place}", depth + 1))


def _name_problems(leaf: Leaf, known: KnownNames, where: str) -> Iterator[Problem]:
    match leaf:
        case SegmentLeaf():
            if leaf.key not in known.segments:
                yield Problem(where, "There is no such segment.", "Create it first, or correct the key.")
            elif leaf.key in known.archived:
                yield Problem(where, "This segment is archived.", "Unarchive it first, or use another one.")
        case ListLeaf():
            return
        case TagLeaf():
            if leaf.key not in known.tags:
                yield Problem(where, "There is no such tag.", "Create it first, or correct the key.")
            else:
                yield from type_problems(leaf, known.tags[leaf.key], where)
        case AttributeLeaf():
            if not known.off.attributes.isdisjoint(enclosing(leaf.name)):
                yield _is_off("attribute", f"{where}.name")
            yield from type_problems(leaf, known.attributes.get(leaf.name), where)
        case EventLeaf():
            yield from _event_problems(leaf.name, known, f"{where}.name")
            yield from _property_problems(leaf.name, leaf.where, known, f"{where}.where")
            yield from _measure_problems(leaf, known, where)
        case HabitLeaf():
            yield from _event_problems(leaf.name, known, f"{where}.name")
            yield from _property_problems(leaf.name, leaf.where, known, f"{where}.where")
        case SequenceLeaf():
            for position, step in enumerate(leaf.steps):
                yield from _event_problems(step.event, known, f"{where}.steps.{position}.event")
                yield from _property_problems(step.event, step.where, known, f"{where}.steps.{position}.where")
        case _:
            assert_never(leaf)


def _event_problems(event: str, known: KnownNames, where: str) -> Iterator[Problem]:
    if event in known.off.events:
        yield _is_off("event", where)


def _property_problems(
    event: str, conditions: tuple[PropertyCondition, ...], known: KnownNames, where: str
) -> Iterator[Problem]:
    for position, condition in enumerate(conditions):
        if _is_property_off(event, condition.name, known):
            yield _is_off("property", f"{where}.{position}.name")
        yield from type_problems(condition, known.properties.get((event, condition.name)), f"{where}.{position}")


def _measure_problems(leaf: EventLeaf, known: KnownNames, where: str) -> Iterator[Problem]:
    measure = leaf.measure
    if measure.property is None:
        return
    if _is_property_off(leaf.name, measure.property, known):
        yield _is_off("property", f"{where}.measure.property")
    value_type = known.properties.get((leaf.name, measure.property))
    if measure.kind is not MeasureKind.DISTINCT and value_type not in (None, ValueType.NUMBER):
        yield Problem(
            f"{where}.measure.property",
            f"{measure.kind} needs a NUMBER, but the property is a {value_type}.",
            "Use DISTINCT, or another property.",
        )


def _is_property_off(event: str, name: str, known: KnownNames) -> bool:
    return not known.off.properties.isdisjoint((event, outer) for outer in enclosing(name))


def _is_off(kind: str, where: str) -> Problem:
    return Problem(where, f"This {kind} is switched off.", "Use another one, or switch it on in the registry.")
