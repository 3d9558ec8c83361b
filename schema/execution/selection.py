"""Reading selections of a validated document: which fields, with fragments spread out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode


@dataclass(slots=True)
class Selection:
    """The fields below some field nodes, by response key, in the order in which they are answered.

    Attributes:
        conditional: a directive stands somewhere in it, so that a field may be left out when it runs.
    """

    fields: dict[str, list[FieldNode]] = field(default_factory=dict)
    conditional: bool = False


def select(
    nodes: Iterable[FieldNode], type_names: frozenset[str], fragments: Mapping[str, FragmentDefinitionNode]
) -> Selection:
    """The merged selection of nodes that share a response key, on an object type.

    Args:
        type_names: the object type and its interfaces; fragments on other types do not apply.
    """
    selection = Selection()
    for node in nodes:
        if node.selection_set is not None:
            _collect(node.selection_set, type_names, fragments, selection, set())
    return selection


def select_in(
    selection_set: SelectionSetNode, type_names: frozenset[str], fragments: Mapping[str, FragmentDefinitionNode]
) -> Selection:
    """The merged selection of one selection set; see `select`."""
    selection = Selection()
    _collect(selection_set, type_names, fragments, selection, set())
    return selection


def _collect(
    selection_set: SelectionSetNode,
    type_names: frozenset[str],
    fragments: Mapping[str, FragmentDefinitionNode],
    into: Selection,
    seen: set[str],
) -> None:
    for node in selection_set.selections:
        if node.directives:
            into.conditional = True
        if isinstance(node, FieldNode):
            key = node.alias.value if node.alias else node.name.value
            into.fields.setdefault(key, []).append(node)
        elif isinstance(node, InlineFragmentNode):
            condition = node.type_condition
            if condition is None or condition.name.value in type_names:
                _collect(node.selection_set, type_names, fragments, into, seen)
        elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
            seen.add(node.name.value)
            fragment = fragments[node.name.value]
            if fragment.type_condition.name.value in type_names:
                _collect(fragment.selection_set, type_names, fragments, into, seen)
