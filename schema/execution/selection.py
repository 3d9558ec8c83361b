"""Reading selections of a validated document: which fields, with fragments spread out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, cast

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
)


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


class AskedField(NamedTuple):
    """A field that an operation asks for: the type that it is of, its name, and the names of the fields above it."""

    type_name: str
    name: str
    above: tuple[str, ...]


def asked_fields(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode], schema: GraphQLSchema
) -> Iterator[AskedField]:
    """The fields of a valid operation, in order; a fragment's once below each field of the root.

    What a directive may leave out is among them, `__typename` and introspection are not.
    """
    seen: set[tuple[str, str]] = set()

    def walk(selection_set: SelectionSetNode, type_: GraphQLNamedType, above: tuple[str, ...]) -> Iterator[AskedField]:
        for node in selection_set.selections:
            if isinstance(node, FieldNode):
                name = node.name.value
                if name.startswith("__"):
                    continue
                yield AskedField(type_.name, name, above)
                if node.selection_set is not None:
                    below = get_named_type(cast("GraphQLObjectType", type_).fields[name].type)
                    yield from walk(node.selection_set, below, (*above, name))
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                of = type_ if condition is None else schema.type_map[condition.name.value]
                yield from walk(node.selection_set, of, above)
            elif isinstance(node, FragmentSpreadNode):
                place = (above[0] if above else "", node.name.value)
                if place not in seen:
                    seen.add(place)
                    fragment = fragments[node.name.value]
                    yield from walk(fragment.selection_set, schema.type_map[fragment.type_condition.name.value], above)

    root = cast("GraphQLNamedType", schema.get_root_type(operation.operation))
    yield from walk(operation.selection_set, root, ())
